#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "gtest/gtest.h"
#include "target/core/user_registers.h"

namespace hubspy {
namespace {

constexpr uint64_t kSomeCode = 0x400000;
constexpr uint64_t kCall = kSomeCode + 4;

// nop; svc #0; nop
class Code : public Memory {
 public:
  size_t Read(Address from, absl::Span<std::byte> into) const override {
    constexpr std::array<uint32_t, 3> kWords = {0xd503201f, 0xd4000001,
                                                0xd503201f};
    const uint64_t offset = from - Address(kSomeCode);
    if (offset >= sizeof(kWords)) return 0;
    const size_t size = std::min<size_t>(into.size(), sizeof(kWords) - offset);
    std::memcpy(into.data(),
                reinterpret_cast<const std::byte*>(kWords.data()) + offset,
                size);
    return size;
  }
};

// Registers that hold their numbers, but for these.
std::vector<std::byte> User(int64_t x0, uint64_t pc) {
  std::vector<std::byte> bytes(kUserRegisterBytes);
  for (uint64_t i = 0; i < kUserRegisterBytes / 8; ++i) {
    std::memcpy(bytes.data() + i * 8, &i, sizeof(i));
  }
  std::memcpy(bytes.data(), &x0, sizeof(x0));
  std::memcpy(bytes.data() + 32 * 8, &pc, sizeof(pc));
  return bytes;
}

TEST(UserRegisters, AreInTheOrderOfTheirDwarfNumbers) {
  const Registers registers = ToRegisters(User(7, kCall));
  EXPECT_EQ(registers.Get(Reg::kX0), 7u);
  EXPECT_EQ(registers.Get(Reg::kFp), 29u);
  EXPECT_EQ(registers.Get(Reg::kLr), 30u);
  EXPECT_EQ(registers.sp(), Address(31));
  EXPECT_EQ(registers.pc(), Address(kCall));
}

TEST(UserRegisters, CallThatWillBeMadeAgainIsSleptIn) {
  const auto call = SleptIn(User(7, kCall), Code());
  ASSERT_TRUE(call);
  EXPECT_EQ(call->number, 8);
  EXPECT_EQ(call->arguments[0], 7u);
  EXPECT_EQ(call->arguments[5], 5u);
}

TEST(UserRegisters, CallThatWasInterruptedIsSleptInButItsFirstArgumentIsGone) {
  const auto call = SleptIn(User(-4, kCall + 4), Code());
  ASSERT_TRUE(call);
  EXPECT_EQ(call->number, 8);
  EXPECT_EQ(call->arguments[0], UINT64_MAX);
  EXPECT_EQ(call->arguments[1], 1u);
}

TEST(UserRegisters, CallThatHasReturnedIsNot) {
  EXPECT_FALSE(SleptIn(User(0, kCall + 4), Code()));
  EXPECT_FALSE(SleptIn(User(-4, kSomeCode), Code()));
  EXPECT_FALSE(SleptIn(User(-4, 0), Code()));
}

}  // namespace
}  // namespace hubspy
