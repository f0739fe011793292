// Addresses of an attached process -> names.
#ifndef HUBSPY_CLI_NAMING_H_
#define HUBSPY_CLI_NAMING_H_

#include <string>
#include <vector>

#include "cli/attachment.h"
#include "cli/family.h"
#include "model/profile.h"
#include "model/stack.h"
#include "symbolize/name_recording.h"
#include "symbolize/renamed.h"
#include "symbolize/symbolizer.h"

namespace hubspy {

// Innermost first, inlined frames among them, and a marker where frames were
// left out.
std::vector<SymbolFrame> NameStack(const Stack& stack,
                                   const Attachment& attachment,
                                   Symbolizer& symbolizer);

// The function that a green thread was spawned in, whose call returns to
// `spawn_site`: of those inlined there the one that a user wrote, if any is.
SymbolFrame NameSpawnSite(Address spawn_site, const Program& program,
                          Symbolizer& symbolizer);

// The recording with names, and the processes it was made of.
Profile NameProfile(Recording& recording, Family& family,
                    Symbolizer& symbolizer, const NamingOptions& options);

}  // namespace hubspy

#endif  // HUBSPY_CLI_NAMING_H_
