// Snapshot -> Stack. Bytes in, frames out; it never meets a process.
//
//   Unwinder unwinder(modules);          // borrows; outlives nothing
//   Stack stack = unwinder.Unwind(snapshot.registers, snapshot.stack);
//
// The surprising part: whatever the bytes hold, this returns a Stack. Garbage
// gives a short one that says why, never a crash and never a read outside the
// copy and the modules' files.
#ifndef HUBSPY_UNWIND_UNWINDER_H_
#define HUBSPY_UNWIND_UNWINDER_H_

#include "image/module_map.h"
#include "model/registers.h"
#include "model/snapshot.h"
#include "model/stack.h"

namespace hubspy {

struct UnwindOptions {
  int max_frames = 4096;
  // The innermost pc is the instruction to execute next (a captured thread),
  // or a return address (a suspended green thread, which called its switch).
  bool top_is_return = false;
};

class Unwinder {
 public:
  explicit Unwinder(const ModuleMap& modules) : modules_(modules) {}

  Stack Unwind(const Registers& registers, const MemoryCopy& stack,
               const UnwindOptions& options = {}) const;

 private:
  const ModuleMap& modules_;
};

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_UNWINDER_H_
