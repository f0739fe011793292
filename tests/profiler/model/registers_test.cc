#include "model/registers.h"

#include <gtest/gtest.h>

namespace hubspy {
namespace {

TEST(Registers, KnowNothingUntilTold) {
  const Registers registers;
  for (int i = 0; i < Registers::kCount; ++i) {
    EXPECT_FALSE(registers.Has(static_cast<Reg>(i)));
    EXPECT_EQ(registers.Get(static_cast<Reg>(i)), std::nullopt);
  }
  EXPECT_EQ(registers.pc(), Address(0));
  EXPECT_EQ(registers.sp(), Address(0));
}

TEST(Registers, TellZeroFromUnknown) {
  Registers registers;
  registers.Set(Reg::kFp, 0);
  EXPECT_EQ(registers.Get(Reg::kFp), 0u);
  registers.Forget(Reg::kFp);
  EXPECT_EQ(registers.Get(Reg::kFp), std::nullopt);
}

TEST(Registers, OfASleepingThreadArePcAndSp) {
  const auto registers =
      Registers::FromPcAndSp(Address(0x401000), Address(0x7ffc0000));
  EXPECT_EQ(registers.pc(), Address(0x401000));
  EXPECT_EQ(registers.sp(), Address(0x7ffc0000));
  for (int i = 0; i < Registers::kCount; ++i) {
    const auto reg = static_cast<Reg>(i);
    EXPECT_EQ(registers.Has(reg), reg == Reg::kPc || reg == Reg::kSp);
  }
}

}  // namespace
}  // namespace hubspy
