// The user registers that a perf event samples, by the kernel's numbers.
#ifndef HUBSPY_TARGET_LINUX_PERF_REGISTERS_H_
#define HUBSPY_TARGET_LINUX_PERF_REGISTERS_H_

#include "absl/types/span.h"
#include "model/registers.h"

namespace hubspy {

struct PerfRegister {
  int number = 0;  // asm/perf_regs.h
  Reg reg = Reg::kPc;
};

// In the order of the numbers, which is that of a sample.
absl::Span<const PerfRegister> PerfRegisters();

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LINUX_PERF_REGISTERS_H_
