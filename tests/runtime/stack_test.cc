#include "green/stack.h"

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "gtest/gtest.h"

namespace green::internal {
namespace {

constexpr size_t kSize = size_t{64} << 10;

volatile char* At(uint64_t address) {
  return reinterpret_cast<volatile char*>(address);
}

TEST(StackPool, GivesAlignedWritableStacksOfTheSizeAskedFor) {
  StackPool pool(kSize);
  for (int i = 0; i < 200; ++i) {
    const Stack stack = pool.Acquire();
    ASSERT_EQ(stack.end - stack.begin, kSize);
    ASSERT_EQ(stack.end % 16, 0u);
    *At(stack.begin) = 1;
    *At(stack.end - 1) = 1;
  }
}

TEST(StackPool, RoundsUpToPages) {
  StackPool pool(1);
  const Stack stack = pool.Acquire();
  EXPECT_GE(stack.end - stack.begin, 4096u);
  *At(stack.begin) = 1;
}

TEST(StackPool, StacksDoNotOverlap) {
  StackPool pool(kSize);
  std::set<uint64_t> ends;
  uint64_t previous_end = 0;
  std::set<std::pair<uint64_t, uint64_t>> stacks;
  for (int i = 0; i < 300; ++i) {
    const Stack stack = pool.Acquire();
    stacks.insert({stack.begin, stack.end});
  }
  ASSERT_EQ(stacks.size(), 300u);
  for (const auto& [begin, end] : stacks) {
    // Strictly: the guard lies between.
    EXPECT_GT(begin, previous_end);
    previous_end = end;
  }
}

TEST(StackPool, HandsOutTheMostRecentlyUsed) {
  StackPool pool(kSize);
  const Stack first = pool.Acquire();
  const Stack second = pool.Acquire();
  pool.Release(second);
  pool.Release(first);
  EXPECT_EQ(pool.Acquire().begin, first.begin);
  EXPECT_EQ(pool.Acquire().begin, second.begin);
}

TEST(StackPool, ManyIdleStacksGiveTheirPagesBack) {
  StackPool pool(kSize);
  std::vector<Stack> stacks;
  for (int i = 0; i < 1100; ++i) {
    stacks.push_back(pool.Acquire());
    *At(stacks.back().end - 1) = 'x';
  }
  for (const Stack& stack : stacks) pool.Release(stack);
  // Zeroed by the system: the page was given back.
  EXPECT_EQ(*At(stacks.back().end - 1), 0);
  EXPECT_EQ(*At(stacks.front().end - 1), 'x');
}

TEST(StackPoolDeathTest, AnOverflowIsAFault) {
  StackPool pool(kSize);
  const Stack stack = pool.Acquire();
  EXPECT_DEATH(*At(stack.begin - 1) = 1, "");
}

TEST(StackPoolDeathTest, TheGuardOutlivesGivingPagesBack) {
  StackPool pool(kSize);
  std::vector<Stack> stacks;
  for (int i = 0; i < 1100; ++i) stacks.push_back(pool.Acquire());
  for (const Stack& stack : stacks) pool.Release(stack);
  EXPECT_DEATH(*At(stacks.back().begin - 1) = 1, "");
}

}  // namespace
}  // namespace green::internal
