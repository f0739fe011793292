// Why code stays without names, where the user can do something about it.
#ifndef HUBSPY_CLI_MISSING_NAMES_H_
#define HUBSPY_CLI_MISSING_NAMES_H_

#include "absl/types/span.h"
#include "model/recording.h"
#include "symbolize/name_recording.h"

namespace hubspy {

// A line on standard error for each reason: a JIT's file that is not believed,
// or, of each process that ran what only a JIT could name, that there is none;
// an image that was changed or deleted since. To be called when all is learnt
// of the programs that can be.
void WarnOfMissingNames(absl::Span<const Program> programs,
                        const Recording& recording, bool include_idle);

}  // namespace hubspy

#endif  // HUBSPY_CLI_MISSING_NAMES_H_
