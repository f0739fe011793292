// A suspended thread's registers, by machine.
#ifndef HUBSPY_TARGET_DARWIN_THREAD_STATE_H_
#define HUBSPY_TARGET_DARWIN_THREAD_STATE_H_

#include <mach/mach.h>

#include <optional>

#include "model/registers.h"
#include "model/snapshot.h"
#include "target/memory.h"

namespace hubspy {

struct ThreadState64 {
  Registers registers;
  // What it asks the kernel for, if it does: see FollowsSystemCall. A negative
  // number is a Mach trap's.
  SystemCall call;
};

// Nullopt: the thread is gone.
std::optional<ThreadState64> ReadThreadState(mach_port_t thread);

// Whether the instruction before `pc` is the one that calls the kernel, by
// which a thread that sleeps is told to be in a system call.
bool FollowsSystemCall(Address pc, const Memory& memory);

}  // namespace hubspy

#endif  // HUBSPY_TARGET_DARWIN_THREAD_STATE_H_
