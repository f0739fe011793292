#include "green/stack.h"

#include <algorithm>
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

// Takes `count` stacks and writes into each.
std::vector<Stack> Touched(StackPool& pool, size_t count) {
  std::vector<Stack> stacks;
  for (size_t i = 0; i < count; ++i) {
    stacks.push_back(pool.Acquire());
    *At(stacks.back().end - 1) = 'x';
  }
  return stacks;
}

// Zeroed by the system: the page was given back.
bool WasGivenBack(const Stack& stack) { return *At(stack.end - 1) == 0; }

TEST(StackPool, ManyIdleStacksGiveBackThePagesOfThoseIdleLongest) {
  StackPool pool(kSize);
  const std::vector<Stack> stacks = Touched(pool, StackPool::kWarmStacks + 80);
  for (const Stack& stack : stacks) pool.Release(stack);
  EXPECT_FALSE(WasGivenBack(stacks.front()));
  EXPECT_EQ(pool.GiveBack(70), 70u);
  EXPECT_EQ(pool.GiveBack(70), 10u);
  EXPECT_EQ(pool.GiveBack(70), 0u);
  for (size_t i = 0; i < stacks.size(); ++i) {
    EXPECT_EQ(WasGivenBack(stacks[i]), i < 80) << i;
  }
}

TEST(StackPool, GivesNothingBackTwice) {
  StackPool pool(kSize);
  std::vector<Stack> stacks = Touched(pool, StackPool::kWarmStacks + 3);
  for (const Stack& stack : stacks) pool.Release(stack);
  EXPECT_EQ(pool.GiveBack(100), 3u);
  // Down into those that have no pages, and up again in another order.
  for (size_t i = 0; i < stacks.size(); ++i) pool.Acquire();
  for (const Stack& stack : stacks) *At(stack.end - 1) = 'x';
  std::reverse(stacks.begin(), stacks.end());
  for (const Stack& stack : stacks) pool.Release(stack);
  EXPECT_EQ(pool.GiveBack(100), 3u);
  for (size_t i = 0; i < stacks.size(); ++i) {
    EXPECT_EQ(WasGivenBack(stacks[i]), i < 3) << i;
  }
}

TEST(StackPoolDeathTest, AnOverflowIsAFault) {
  StackPool pool(kSize);
  const Stack stack = pool.Acquire();
  EXPECT_DEATH(*At(stack.begin - 1) = 1, "");
}

TEST(StackPoolDeathTest, TheGuardOutlivesGivingPagesBack) {
  StackPool pool(kSize);
  const std::vector<Stack> stacks = Touched(pool, StackPool::kWarmStacks + 80);
  for (const Stack& stack : stacks) pool.Release(stack);
  EXPECT_EQ(pool.GiveBack(80), 80u);
  EXPECT_DEATH(*At(stacks[40].begin - 1) = 1, "");
}

}  // namespace
}  // namespace green::internal
