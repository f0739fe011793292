// How a recording, or a dump, comes to be: what stands at the head of what is
// written of it.
#ifndef HUBSPY_CLI_PROVENANCE_H_
#define HUBSPY_CLI_PROVENANCE_H_

#include <string>

#include "model/profile.h"

namespace hubspy {

// Called when it begins. `command_line`: hubspy's own, quoted for a shell.
Provenance ProvenanceOf(std::string command_line);

}  // namespace hubspy

#endif  // HUBSPY_CLI_PROVENANCE_H_
