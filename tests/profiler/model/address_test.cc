#include "model/address.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "absl/container/flat_hash_set.h"
#include "model/module.h"

namespace hubspy {
namespace {

TEST(Address, ArithmeticWrapsAsTheTargetsDoes) {
  EXPECT_EQ(Address(UINT64_MAX) + 2, Address(1));
  EXPECT_EQ(Address(0) - 1, Address(UINT64_MAX));
  EXPECT_EQ(Address(10) - Address(4), 6u);
  EXPECT_FALSE(Address());
  EXPECT_TRUE(Address(1));
}

TEST(AddressRange, IsHalfOpen) {
  const AddressRange range{Address(10), Address(20)};
  EXPECT_EQ(range.size(), 10u);
  EXPECT_FALSE(range.Contains(Address(9)));
  EXPECT_TRUE(range.Contains(Address(10)));
  EXPECT_TRUE(range.Contains(Address(19)));
  EXPECT_FALSE(range.Contains(Address(20)));
  EXPECT_FALSE((AddressRange{Address(10), Address(10)}.Contains(Address(10))));
}

TEST(CodeAddress, AReturnAddressIsLookedUpInsideTheCall) {
  EXPECT_EQ(CodeAddress::Exact(Address(10)).lookup(), Address(10));
  EXPECT_EQ(CodeAddress::Return(Address(10)).lookup(), Address(9));
  EXPECT_EQ(CodeAddress::Return(Address(10)).address(), Address(10));
}

TEST(CodeAddress, KnowsAReturnFromAnInterruption) {
  EXPECT_NE(CodeAddress::Exact(Address(10)), CodeAddress::Return(Address(10)));
  const absl::flat_hash_set<CodeAddress> set = {
      CodeAddress::Exact(Address(10)), CodeAddress::Return(Address(10)),
      CodeAddress::Exact(Address(10))};
  EXPECT_EQ(set.size(), 2u);
}

TEST(Module, TranslatesToItsFilesNumbering) {
  EXPECT_EQ(Module{.load_bias = 0x1000}.ToImage(Address(0x1234)), 0x234u);
  const Module below{.load_bias = uint64_t{0} - 0x1000};
  EXPECT_EQ(below.ToImage(Address(0x1234)), 0x2234u)
      << "loaded below its link address";
}

}  // namespace
}  // namespace hubspy
