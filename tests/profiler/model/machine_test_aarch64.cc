#include "gtest/gtest.h"
#include "model/machine.h"
#include "model/registers.h"

namespace hubspy {
namespace {

TEST(Machine, NumbersRegistersAsDwarfDoes) {
  // DWARF for the Arm 64-bit Architecture, 4.1.
  EXPECT_EQ(static_cast<int>(Reg::kFp), 29);
  EXPECT_EQ(static_cast<int>(Reg::kLr), 30);
  EXPECT_EQ(static_cast<int>(Reg::kSp), 31);
  EXPECT_EQ(static_cast<int>(Reg::kPc), 32);
}

TEST(Machine, SignaturesLieAboveUserSpaceAndBelowBit55) {
  EXPECT_EQ(Registers().WithoutSignature(0x0000ffff'ffff1234),
            Address(0x0000ffff'ffff1234));
  EXPECT_EQ(Registers().WithoutSignature(0x007fffff'ffff1234),
            Address(0x0000ffff'ffff1234));
  EXPECT_EQ(Registers().WithoutSignature(0x0035aaaa'b0001234),
            Address(0x0000aaaa'b0001234));
}

}  // namespace
}  // namespace hubspy
