// Whether a call frame program can be given to LLVM libunwind.
//
// libunwind trusts its input: it has a fixed expression stack that it does not
// check, divides by what the expression says, follows expressions' backward
// jumps for ever, and takes stack space for every remembered row. Its input is
// normally its own process; ours is a file that anybody may have written.
#ifndef HUBSPY_UNWIND_CFI_CHECK_H_
#define HUBSPY_UNWIND_CFI_CHECK_H_

#include <cstdint>

#include "image/image.h"
#include "unwind/shadow_view.h"

namespace hubspy {

// `pointer_encoding` is the CIE's. Reads the shadow: call it guarded.
bool IsSafeCfiProgram(const ShadowView& view, ImageRange program,
                      uint8_t pointer_encoding);

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_CFI_CHECK_H_
