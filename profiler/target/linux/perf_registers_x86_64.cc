#include <asm/perf_regs.h>

#include "target/linux/perf_registers.h"

namespace hubspy {

absl::Span<const PerfRegister> PerfRegisters() {
  static constexpr PerfRegister kRegisters[] = {
      {PERF_REG_X86_AX, Reg::kRax},  {PERF_REG_X86_BX, Reg::kRbx},
      {PERF_REG_X86_CX, Reg::kRcx},  {PERF_REG_X86_DX, Reg::kRdx},
      {PERF_REG_X86_SI, Reg::kRsi},  {PERF_REG_X86_DI, Reg::kRdi},
      {PERF_REG_X86_BP, Reg::kRbp},  {PERF_REG_X86_SP, Reg::kRsp},
      {PERF_REG_X86_IP, Reg::kRip},  {PERF_REG_X86_R8, Reg::kR8},
      {PERF_REG_X86_R9, Reg::kR9},   {PERF_REG_X86_R10, Reg::kR10},
      {PERF_REG_X86_R11, Reg::kR11}, {PERF_REG_X86_R12, Reg::kR12},
      {PERF_REG_X86_R13, Reg::kR13}, {PERF_REG_X86_R14, Reg::kR14},
      {PERF_REG_X86_R15, Reg::kR15}};
  return kRegisters;
}

}  // namespace hubspy
