// What the kernel puts on the stack for a signal's handler.
#ifndef HUBSPY_UNWIND_SIGNAL_FRAME_H_
#define HUBSPY_UNWIND_SIGNAL_FRAME_H_

#include <optional>

#include "model/address.h"
#include "model/registers.h"
#include "model/snapshot.h"

namespace hubspy {

// The registers that sigreturn will restore, where the handler has returned
// with those of `handler`. nullopt: the copy does not hold all of them.
std::optional<Registers> InterruptedBySignal(const Registers& handler,
                                             const MemoryCopy& stack);

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_SIGNAL_FRAME_H_
