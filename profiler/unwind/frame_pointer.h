// Finds a frame pointer that was not captured.
//
// Of a thread read in its sleep only pc and sp are known. A function that keeps
// a frame pointer has pushed its caller's rbp right below its return address,
// and its own rbp points there. So rbp is found by its surroundings: first
// where the function's epilogue will look for it, or its prologue must have put
// it, then by a look at every word of the stack.
#ifndef HUBSPY_UNWIND_FRAME_POINTER_H_
#define HUBSPY_UNWIND_FRAME_POINTER_H_

#include <optional>

#include "model/address.h"
#include "model/snapshot.h"
#include "unwind/code_reader.h"

namespace hubspy {

// The rbp of the frame that stands at `pc` in `function`, with its stack
// pointer at `sp`. Whatever is returned has a return address above it that
// follows a call.
std::optional<Address> RecoverFramePointer(const CodeReader& code,
                                           const MemoryCopy& stack,
                                           AddressRange function, Address pc,
                                           Address sp);

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_FRAME_POINTER_H_
