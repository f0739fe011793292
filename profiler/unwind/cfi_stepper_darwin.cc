#include "unwind/cfi_stepper.h"

namespace hubspy {

// LLVM libunwind reads DWARF tables of ELF images, of which a process of macOS
// has none: no function there comes with a record (see Image), and its code and
// frame pointers tell the way. Of a Linux core they do, too.
CfiStep StepByCfi(const Registers& /*registers*/, const StackWindow& /*window*/,
                  const Fde& /*fde*/, uint64_t /*lookup*/) {
  return {.outcome = CfiStep::Outcome::kFault};
}

}  // namespace hubspy
