#include <ucontext.h>

#include "green/interrupted.h"

namespace green::internal {

InterruptedRegisters ReadInterrupted(const void* context) {
  const auto& saved = static_cast<const ucontext_t*>(context)->uc_mcontext;
  InterruptedRegisters registers;
  registers.pc = saved.pc;
  registers.sp = saved.sp;
  // x0 to x30 are DWARF's 0 to 30 (DWARF for the Arm 64-bit Architecture, 4.1).
  for (uint16_t number = 0; number < 31; ++number) {
    registers.others[registers.count++] = {number, saved.regs[number]};
  }
  return registers;
}

}  // namespace green::internal
