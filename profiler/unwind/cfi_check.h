// Whether a call frame program can be given to LLVM libunwind.
//
// libunwind trusts its input: it has a fixed expression stack that it does not
// check, divides by what the expression says, follows expressions' backward
// jumps for ever, and takes stack space for every remembered row. Its input is
// normally its own process; ours is a file that anybody may have written.
#ifndef HUBSPY_UNWIND_CFI_CHECK_H_
#define HUBSPY_UNWIND_CFI_CHECK_H_

#include <cstddef>

#include "absl/types/span.h"

namespace hubspy {

// The program's bytes must be ours: a file could change behind the check. Makes
// nothing of what tells whether a return address is signed: libunwind would
// authenticate it with our keys, which are not the target's. Ours is stripped
// of its signature instead.
bool MakeSafeCfiProgram(absl::Span<std::byte> program);

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_CFI_CHECK_H_
