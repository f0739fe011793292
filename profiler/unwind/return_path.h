// Where a frame's return address lies, told by its code alone.
//
//   std::optional<ReturnPath> path = FindReturnPath(reader, frame);
//
// Follows the code from there to a `ret`, keeping track of what it does to the
// frame's registers on the way (frame_state.h): so it is right in the prologue
// and the epilogue, and without a frame pointer, and needs neither symbols nor
// a function's begin.
//
// The surprising part: it can be wrong. A call that never returns is followed
// by another function's code. The caller must check what it finds there.
#ifndef HUBSPY_UNWIND_RETURN_PATH_H_
#define HUBSPY_UNWIND_RETURN_PATH_H_

#include <cstdint>
#include <optional>

#include "model/address.h"
#include "unwind/code_reader.h"
#include "unwind/frame_state.h"

namespace hubspy {

std::optional<ReturnPath> FindReturnPath(const CodeReader& code,
                                         CodeAddress frame);

// For a frame that stands at `pc`, in a function that begins at `begin` and
// keeps a frame pointer: that minus the stack pointer, by its prologue. Nullopt
// when the function changes the latter in other ways, too.
std::optional<int64_t> FramePointerOverStackPointer(const CodeReader& code,
                                                    Address begin, Address pc);

// How far above the stack pointer the record of such a frame lies, in which it
// has its caller's frame pointer and behind it its return address: by the
// epilogue that takes both from there.
std::optional<int64_t> FrameRecordOverStackPointer(const CodeReader& code,
                                                   CodeAddress frame);

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_RETURN_PATH_H_
