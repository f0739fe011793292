// Finds a frame pointer that was not captured.
//
// Of a thread read in its sleep only pc and sp are known. A function that keeps
// a frame pointer has stored its caller's in a frame record, right below its
// return address, and its own lies at a known distance: compilers let it point
// there. So it is found by its surroundings: first where the function's
// epilogue will look for it, or its prologue must have put it, then by a look
// at every word of the stack.
#ifndef HUBSPY_UNWIND_FRAME_POINTER_H_
#define HUBSPY_UNWIND_FRAME_POINTER_H_

#include <cstdint>
#include <optional>

#include "model/address.h"
#include "model/registers.h"
#include "model/snapshot.h"
#include "unwind/code_reader.h"

namespace hubspy {

// The frame pointer of the frame that stands at `frame` in `function`, with
// what is known of its `registers`, and its frame record `record_over_fp` bytes
// above where the frame pointer points (frame_record.h). Whatever is returned
// has a return address in its record that follows a call.
std::optional<Address> RecoverFramePointer(
    const CodeReader& code, const MemoryCopy& stack, AddressRange function,
    CodeAddress frame, const Registers& registers, int64_t record_over_fp);

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_FRAME_POINTER_H_
