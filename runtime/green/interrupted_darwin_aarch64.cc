#include <sys/ucontext.h>

#include "green/interrupted.h"

namespace green::internal {

InterruptedRegisters ReadInterrupted(const void* context) {
  const auto& saved =
      static_cast<const ucontext_t*>(context)->uc_mcontext->__ss;
  InterruptedRegisters registers;
  registers.pc = saved.__pc;
  registers.sp = saved.__sp;
  // x0 to x28, the frame pointer and the link register are DWARF's 0 to 30
  // (DWARF for the Arm 64-bit Architecture, 4.1).
  for (uint16_t number = 0; number < 29; ++number) {
    registers.others[registers.count++] = {number, saved.__x[number]};
  }
  registers.others[registers.count++] = {29, saved.__fp};
  registers.others[registers.count++] = {30, saved.__lr};
  return registers;
}

}  // namespace green::internal
