// One step up the stack by the unwind table: LLVM libunwind over one record and
// the copied stack. The only file that knows libunwind.
#ifndef HUBSPY_UNWIND_CFI_STEPPER_H_
#define HUBSPY_UNWIND_CFI_STEPPER_H_

#include <cstdint>

#include "model/registers.h"
#include "unwind/fde_table.h"
#include "unwind/stack_window.h"

namespace hubspy {

struct CfiStep {
  enum class Outcome {
    kStepped,
    kNeedsRegister,  // the row's CFA is made from a register not known
    kNotCopied,      // the CFA, or the return address, lies outside the copy
    kFault,          // the row makes no sense
  };
  Outcome outcome = Outcome::kFault;
  // The caller's, as far as known: what a called function may overwrite is
  // not, except when the callee was a signal frame.
  Registers caller;
  bool was_signal_frame = false;
};

// `lookup` is the image's own number for registers.pc(), or for the call
// before it; `fde` covers it.
CfiStep StepByCfi(const Registers& registers, const StackWindow& window,
                  const Fde& fde, uint64_t lookup);

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_CFI_STEPPER_H_
