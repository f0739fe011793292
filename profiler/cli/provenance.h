// How a recording comes to be: what stands at the head of what is written of
// it.
#ifndef HUBSPY_CLI_PROVENANCE_H_
#define HUBSPY_CLI_PROVENANCE_H_

#include "cli/options.h"
#include "model/profile.h"

namespace hubspy {

// Called when the recording begins.
Provenance ProvenanceOf(const RecordOptions& options);

}  // namespace hubspy

#endif  // HUBSPY_CLI_PROVENANCE_H_
