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
  EXPECT_EQ(NumberOf(Reg::kX0), PERF_REG_ARM64_X0);
  EXPECT_EQ(NumberOf(Reg::kX19), PERF_REG_ARM64_X19);
  EXPECT_EQ(NumberOf(Reg::kFp), PERF_REG_ARM64_X29);
  EXPECT_EQ(NumberOf(Reg::kLr), PERF_REG_ARM64_LR);
  EXPECT_EQ(NumberOf(Reg::kSp), PERF_REG_ARM64_SP);
  EXPECT_EQ(NumberOf(Reg::kPc), PERF_REG_ARM64_PC);
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
