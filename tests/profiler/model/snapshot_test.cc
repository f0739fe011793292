#include "model/snapshot.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

namespace hubspy {
namespace {

MemoryCopy CopyAt(uint64_t begin) {
  MemoryCopy copy{.begin = Address(begin)};
  for (int i = 0; i < 16; ++i) {
    copy.bytes.push_back(static_cast<std::byte>(i));
  }
  return copy;
}

TEST(MemoryCopy, ReadsWhatItHolds) {
  const MemoryCopy copy = CopyAt(0x1000);
  EXPECT_EQ(copy.Read<uint8_t>(Address(0x1003)), 3);
  EXPECT_EQ(copy.Read<uint64_t>(Address(0x1008)), 0x0f0e0d0c0b0a0908u);
  EXPECT_EQ(copy.Read<uint32_t>(Address(0x1001)), 0x04030201u) << "unaligned";
  EXPECT_EQ(copy.range(), (AddressRange{Address(0x1000), Address(0x1010)}));
}

TEST(MemoryCopy, ReadsNothingPartly) {
  const MemoryCopy copy = CopyAt(0x1000);
  EXPECT_EQ(copy.Read<uint64_t>(Address(0x1009)), std::nullopt);
  EXPECT_EQ(copy.Read<uint64_t>(Address(0xffc)), std::nullopt);
  EXPECT_EQ(copy.Read<uint8_t>(Address(0x1010)), std::nullopt);
  EXPECT_EQ(copy.Read<uint8_t>(Address(0xfff)), std::nullopt);
  EXPECT_EQ(copy.Read<uint8_t>(Address(0)), std::nullopt);
  EXPECT_EQ(MemoryCopy{}.Read<uint8_t>(Address(0)), std::nullopt);
}

TEST(MemoryCopy, IsNotFooledByAddressesThatWrap) {
  const MemoryCopy copy = CopyAt(UINT64_MAX - 15);
  EXPECT_EQ(copy.Read<uint8_t>(Address(UINT64_MAX)), 15);
  EXPECT_EQ(copy.Read<uint16_t>(Address(UINT64_MAX)), std::nullopt);
  EXPECT_EQ(copy.Read<uint8_t>(Address(0)), std::nullopt);
  EXPECT_EQ(CopyAt(0x1000).Read<uint64_t>(Address(UINT64_MAX - 3)),
            std::nullopt);
}

TEST(SleepToken, ChangesWithEverySleep) {
  const SleepToken token{.times_run = 7, .pc = Address(1), .sp = Address(2)};
  SleepToken other = token;
  EXPECT_EQ(token, other);
  other.times_run = 8;
  EXPECT_NE(token, other);
}

}  // namespace
}  // namespace hubspy
