#include "symbolize/interval_index.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

namespace hubspy {
namespace {

int ValueAt(const IntervalIndex<int>& index, uint64_t address) {
  const auto* found = index.Find(address);
  return found == nullptr ? -1 : found->value;
}

TEST(IntervalIndex, FindsNothingInNothing) {
  IntervalIndex<int> index;
  index.Sort();
  EXPECT_EQ(ValueAt(index, 0), -1);
}

TEST(IntervalIndex, IsHalfOpen) {
  IntervalIndex<int> index;
  index.Add(10, 20, 1);
  index.Add(20, 20, 2);
  index.Sort();
  EXPECT_EQ(ValueAt(index, 9), -1);
  EXPECT_EQ(ValueAt(index, 10), 1);
  EXPECT_EQ(ValueAt(index, 19), 1);
  EXPECT_EQ(ValueAt(index, 20), -1);
}

TEST(IntervalIndex, TheInnermostRangeWins) {
  IntervalIndex<int> index;
  index.Add(0, 100, 1);
  index.Add(10, 20, 2);
  index.Add(10, 15, 3);
  index.Add(10, 15, 4);
  index.Sort();
  EXPECT_EQ(ValueAt(index, 5), 1);
  EXPECT_EQ(ValueAt(index, 12), 3) << "the first of two equal ones";
  EXPECT_EQ(ValueAt(index, 17), 2);
  EXPECT_EQ(ValueAt(index, 50), 1);
}

TEST(IntervalIndex, AgreesWithLookingAtEveryRange) {
  std::mt19937 random(7);
  struct Range {
    uint64_t begin, end;
  };
  std::vector<Range> ranges;
  IntervalIndex<int> index;
  for (int i = 0; i < 300; ++i) {
    const uint64_t begin = random() % 500;
    ranges.push_back({begin, begin + random() % 40});
    index.Add(begin, ranges.back().end, i);
  }
  index.Sort();
  for (uint64_t address = 0; address < 600; ++address) {
    int best = -1;
    for (int i = 0; i < 300; ++i) {
      const Range& r = ranges[i];
      if (address < r.begin || address >= r.end) continue;
      if (best < 0 || r.begin > ranges[best].begin ||
          (r.begin == ranges[best].begin && r.end < ranges[best].end)) {
        best = i;
      }
    }
    EXPECT_EQ(ValueAt(index, address), best) << address;
  }
}

}  // namespace
}  // namespace hubspy
