// Snapshot -> Stack. Bytes in, frames out; it never meets a process.
//
//   Unwinder unwinder(modules, source);  // borrows; outlives nothing
//   Stack stack = unwinder.Unwind(snapshot.registers, snapshot.stack);
//
// The surprising part: whatever the bytes hold, this returns a Stack. Garbage
// gives a short one that says why, never a crash and never a read outside the
// copy, the modules' files and what `source` gives. For that it catches SIGSEGV
// and SIGBUS, from its first use on and only for itself; others reach whoever
// handled them.
//
// Remembers what it learned of the modules' tables and code: keep one as long
// as its ModuleMap, and use it from one thread at a time.
#ifndef HUBSPY_UNWIND_UNWINDER_H_
#define HUBSPY_UNWIND_UNWINDER_H_

#include <cstddef>
#include <optional>
#include <utility>

#include "image/module_map.h"
#include "model/registers.h"
#include "model/snapshot.h"
#include "model/stack.h"
#include "unwind/cfi_stepper.h"
#include "unwind/code_pages.h"
#include "unwind/code_reader.h"
#include "unwind/code_stepper.h"
#include "unwind/fde_table.h"
#include "unwind/link_register.h"
#include "unwind/stack_window.h"
#include "unwind/unwind_tables.h"

namespace hubspy {

struct UnwindOptions {
  // Of a deeper stack so many innermost and outermost frames are kept; at least
  // 1 each. Those between are walked, too, or the outermost were not found.
  size_t innermost = 512;
  size_t outermost = 512;
  // The innermost pc is the instruction to execute next (a captured thread),
  // or a return address (a suspended green thread, which called its switch).
  bool top_is_return = false;
};

class Unwinder {
 public:
  // `source` is asked for code that no module's file holds (code_pages.h);
  // without it such code is left by frame pointers alone.
  explicit Unwinder(const ModuleMap& modules, CodeSource source = nullptr)
      : modules_(modules),
        pages_(std::move(source)),
        code_(modules, &pages_),
        code_stepper_(modules, code_, pages_) {}
  Unwinder(const Unwinder&) = delete;
  Unwinder& operator=(const Unwinder&) = delete;

  Stack Unwind(const Registers& registers, const MemoryCopy& stack,
               const UnwindOptions& options = {});

  // Where the stack just unwound goes on outside of its copy, if it does: a
  // handler ran on a signal stack, or Go's runtime on a stack of its own. A
  // copy from there on, of the same instant, is needed.
  std::optional<Address> OtherStackSp() const;
  // `top`, the stack just unwound, with what follows in that copy.
  Stack Continue(Stack top, const MemoryCopy& other);

 private:
  struct Frame {
    Registers registers;
    CodeAddress code;
  };
  struct Step {
    std::optional<Frame> caller;
    bool was_signal_frame = false;
    StackEnd end = StackEnd::kComplete;  // without a caller: why
  };

  static std::optional<Frame> ByFramePointerElsewhere(const Frame& frame,
                                                      const MemoryCopy& stack);
  Step StepFrom(const Frame& frame, const StackWindow& window,
                const MemoryCopy& stack);
  CfiStep StepByFoundRegister(const Frame& frame, const StackWindow& window,
                              const MemoryCopy& stack,
                              const LoadedModule& module, const Fde& fde);
  Step StepByTable(const Frame& frame, const StackWindow& window,
                   const MemoryCopy& stack, const LoadedModule& module,
                   const Fde& fde);
  Step StepWithoutTable(const Frame& frame, const StackWindow& window,
                        const MemoryCopy& stack, StackEnd otherwise);

  const ModuleMap& modules_;
  std::optional<Frame> elsewhere_;  // the last frame, with its sp there
  CodePages pages_;
  CodeReader code_;
  CodeStepper code_stepper_;
  UnwindTables tables_;
  LinkRegister link_register_{modules_, code_, pages_, tables_, code_stepper_};
};

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_UNWINDER_H_
