#include <cstring>
#include <vector>

#include "gtest/gtest.h"
#include "target/core/user_registers.h"

namespace hubspy {
namespace {

class NoMemory : public Memory {
 public:
  size_t Read(Address, absl::Span<std::byte>) const override { return 0; }
};

// Only rax and orig_rax.
std::vector<std::byte> User(int64_t result, int64_t call) {
  std::vector<std::byte> bytes(kUserRegisterBytes);
  std::memcpy(bytes.data() + 10 * 8, &result, sizeof(result));
  std::memcpy(bytes.data() + 15 * 8, &call, sizeof(call));
  return bytes;
}

TEST(UserRegisters, OnlyACallThatIsToBeMadeAgainIsSleptIn) {
  for (const int64_t result : {-4, -512, -513, -514, -516}) {
    const auto call = SleptIn(User(result, 232), NoMemory());
    ASSERT_TRUE(call) << result;
    EXPECT_EQ(call->number, 232);
  }
  EXPECT_FALSE(SleptIn(User(-4, -1), NoMemory()));
  // abort() ends in a call that has returned.
  EXPECT_FALSE(SleptIn(User(0, 234), NoMemory()));
}

}  // namespace
}  // namespace hubspy
