#include <sys/ucontext.h>

#include "green/interrupted.h"

namespace green::internal {

InterruptedRegisters ReadInterrupted(const void* context) {
  const auto& saved =
      static_cast<const ucontext_t*>(context)->uc_mcontext->__ss;
  InterruptedRegisters registers;
  registers.pc = saved.__rip;
  registers.sp = saved.__rsp;
  // By DWARF number (System V ABI AMD64, figure 3.36), without the stack
  // pointer's, 7.
  const uint64_t values[] = {
      saved.__rax, saved.__rdx, saved.__rcx, saved.__rbx,
      saved.__rsi, saved.__rdi, saved.__rbp, saved.__rsp,
      saved.__r8,  saved.__r9,  saved.__r10, saved.__r11,
      saved.__r12, saved.__r13, saved.__r14, saved.__r15,
  };
  for (uint16_t number = 0; number < 16; ++number) {
    if (number == 7) continue;
    registers.others[registers.count++] = {number, values[number]};
  }
  return registers;
}

}  // namespace green::internal
