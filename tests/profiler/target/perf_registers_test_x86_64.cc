#include <asm/perf_regs.h>

#include <algorithm>

#include "gtest/gtest.h"
#include "target/linux/perf_registers.h"

namespace hubspy {
namespace {

int NumberOf(Reg reg) {
  for (const auto& [number, named] : PerfRegisters()) {
    if (named == reg) return number;
  }
  return -1;
}

TEST(PerfRegisters, HaveTheKernelsNumbers) {
  EXPECT_EQ(NumberOf(Reg::kRax), PERF_REG_X86_AX);
  EXPECT_EQ(NumberOf(Reg::kRbx), PERF_REG_X86_BX);
  EXPECT_EQ(NumberOf(Reg::kRbp), PERF_REG_X86_BP);
  EXPECT_EQ(NumberOf(Reg::kRsp), PERF_REG_X86_SP);
  EXPECT_EQ(NumberOf(Reg::kRip), PERF_REG_X86_IP);
  EXPECT_EQ(NumberOf(Reg::kR8), PERF_REG_X86_R8);
  EXPECT_EQ(NumberOf(Reg::kR15), PERF_REG_X86_R15);
}

TEST(PerfRegisters, AreAllInTheKernelsOrder) {
  EXPECT_EQ(PerfRegisters().size(), static_cast<size_t>(Registers::kCount));
  EXPECT_TRUE(std::is_sorted(PerfRegisters().begin(), PerfRegisters().end(),
                             [](const PerfRegister& a, const PerfRegister& b) {
                               return a.number < b.number;
                             }));
}

}  // namespace
}  // namespace hubspy
