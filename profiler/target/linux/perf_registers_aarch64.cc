#include <asm/perf_regs.h>

#include <array>

#include "target/linux/perf_registers.h"

namespace hubspy {

// They have the numbers that DWARF gives them.
absl::Span<const PerfRegister> PerfRegisters() {
  static_assert(PERF_REG_ARM64_X29 == static_cast<int>(Reg::kX29) &&
                PERF_REG_ARM64_LR == static_cast<int>(Reg::kLr) &&
                PERF_REG_ARM64_SP == static_cast<int>(Reg::kSp) &&
                PERF_REG_ARM64_PC == static_cast<int>(Reg::kPc));
  static constexpr auto kRegisters = [] {
    std::array<PerfRegister, kRegisterCount> registers;
    for (int i = 0; i < kRegisterCount; ++i) {
      registers[static_cast<size_t>(i)] = {i, static_cast<Reg>(i)};
    }
    return registers;
  }();
  return kRegisters;
}

}  // namespace hubspy
