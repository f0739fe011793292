#include "gtest/gtest.h"
#include "model/machine.h"
#include "model/registers.h"

namespace hubspy {
namespace {

TEST(Machine, NumbersRegistersAsDwarfDoes) {
  // System V ABI AMD64, figure 3.36.
  EXPECT_EQ(static_cast<int>(Reg::kFp), 6);
  EXPECT_EQ(static_cast<int>(Reg::kSp), 7);
  EXPECT_EQ(static_cast<int>(Reg::kPc), 16);
}

TEST(Machine, StoredCodeAddressesAreWhatTheyAre) {
  EXPECT_EQ(Registers().WithoutSignature(0x00354321'00401234),
            Address(0x00354321'00401234));
}

}  // namespace
}  // namespace hubspy
