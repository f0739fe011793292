// Finds a frame pointer that was not captured.
//
// Of a thread read in its sleep only pc and sp are known. A function that keeps
// a frame pointer has stored its caller's rbp right below its return address,
// and its own rbp lies at a known distance: compilers let it point there. So
// rbp is found by its surroundings: first where the function's epilogue will
// look for it, or its prologue must have put it, then by a look at every word
// of the stack.
#ifndef HUBSPY_UNWIND_FRAME_POINTER_H_
#define HUBSPY_UNWIND_FRAME_POINTER_H_

#include <cstdint>
#include <optional>

#include "model/address.h"
#include "model/snapshot.h"
#include "unwind/code_reader.h"

namespace hubspy {

// CFA minus rbp where rbp points to its caller's: above both that and the
// return address.
inline constexpr int64_t kUsualCfaOverRbp = 16;

// The rbp of the frame that stands at `frame` in `function`, with its stack
// pointer at `sp` and its CFA `cfa_over_rbp` bytes above rbp. Whatever is
// returned has a return address below the CFA that follows a call.
std::optional<Address> RecoverFramePointer(const CodeReader& code,
                                           const MemoryCopy& stack,
                                           AddressRange function,
                                           CodeAddress frame, Address sp,
                                           int64_t cfa_over_rbp);

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_FRAME_POINTER_H_
