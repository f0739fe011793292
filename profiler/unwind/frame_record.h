// How far a function's frame record is from where its frame pointer points.
#ifndef HUBSPY_UNWIND_FRAME_RECORD_H_
#define HUBSPY_UNWIND_FRAME_RECORD_H_

#include <cstdint>

#include "model/registers.h"
#include "unwind/fde_table.h"
#include "unwind/stack_window.h"

namespace hubspy {

// The record's address minus the frame pointer's, in a frame that `fde` covers
// at `lookup` and whose frame pointer is not among `registers`.
int64_t RecordOverFramePointer(const Registers& registers,
                               const StackWindow& window, const Fde& fde,
                               uint64_t lookup);

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_FRAME_RECORD_H_
