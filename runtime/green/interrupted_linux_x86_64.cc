#include <ucontext.h>

#include "green/interrupted.h"

namespace green::internal {

InterruptedRegisters ReadInterrupted(const void* context) {
  // By DWARF number (System V ABI AMD64, figure 3.36); 7 is the stack pointer.
  static constexpr int kIndices[] = {
      REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP,
      REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
  };
  const auto& saved = static_cast<const ucontext_t*>(context)->uc_mcontext;
  const auto value = [&](int index) {
    return static_cast<uint64_t>(saved.gregs[index]);
  };
  InterruptedRegisters registers;
  registers.pc = value(REG_RIP);
  registers.sp = value(REG_RSP);
  for (uint16_t number = 0; number < 16; ++number) {
    if (kIndices[number] == REG_RSP) continue;
    registers.others[registers.count++] = {number, value(kIndices[number])};
  }
  return registers;
}

}  // namespace green::internal
