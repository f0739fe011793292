#include <sys/ptrace.h>
#include <sys/user.h>

#include <utility>

#include "profiler/unwind/live_capture.h"

namespace hubspy {

Registers StoppedRegisters(pid_t tid) {
  user_regs_struct regs;
  if (ptrace(PTRACE_GETREGS, tid, nullptr, &regs) != 0) return {};
  const std::pair<Reg, uint64_t> values[] = {
      {Reg::kRax, regs.rax}, {Reg::kRdx, regs.rdx}, {Reg::kRcx, regs.rcx},
      {Reg::kRbx, regs.rbx}, {Reg::kRsi, regs.rsi}, {Reg::kRdi, regs.rdi},
      {Reg::kRbp, regs.rbp}, {Reg::kRsp, regs.rsp}, {Reg::kR8, regs.r8},
      {Reg::kR9, regs.r9},   {Reg::kR10, regs.r10}, {Reg::kR11, regs.r11},
      {Reg::kR12, regs.r12}, {Reg::kR13, regs.r13}, {Reg::kR14, regs.r14},
      {Reg::kR15, regs.r15}, {Reg::kRip, regs.rip}};
  Registers registers;
  for (const auto& [reg, value] : values) registers.Set(reg, value);
  return registers;
}

// What a function leaves as it was.
Registers RegistersOf(const ucontext_t& context) {
  const std::pair<Reg, int> places[] = {
      {Reg::kRbx, REG_RBX}, {Reg::kRbp, REG_RBP}, {Reg::kR12, REG_R12},
      {Reg::kR13, REG_R13}, {Reg::kR14, REG_R14}, {Reg::kR15, REG_R15},
      {Reg::kRsp, REG_RSP}, {Reg::kRip, REG_RIP}};
  Registers registers;
  for (const auto& [reg, index] : places) {
    registers.Set(reg, static_cast<uint64_t>(context.uc_mcontext.gregs[index]));
  }
  return registers;
}

}  // namespace hubspy
