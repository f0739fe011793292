#include "sample/pacer.h"

#include <cmath>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"

namespace hubspy {
namespace {

TEST(Pacer, KeepsTheRateOnAverageAndVariesAroundIt) {
  Pacer pacer(1000, 7, 0);
  constexpr int kTicks = 100'000;
  std::vector<double> intervals;
  int64_t before = 0;
  for (int i = 0; i < kTicks; ++i) {
    const int64_t due = pacer.due_ns();
    intervals.push_back(static_cast<double>(due - before));
    before = due;
    EXPECT_EQ(pacer.Take(due).covers, 1);
  }
  double sum = 0, squares = 0;
  for (double x : intervals) sum += x, squares += x * x;
  const double mean = sum / kTicks;
  const double deviation = std::sqrt(squares / kTicks - mean * mean);
  // An exponential distribution's deviation equals its mean.
  EXPECT_NEAR(mean, 1e6, 2e4);
  EXPECT_NEAR(deviation, 1e6, 4e4);
}

TEST(Pacer, ALateLookStandsForAllThatWereDue) {
  Pacer pacer(1000, 7, 0);
  int64_t covered = 0;
  // Looks that come every 10 ms, ten times too rarely.
  for (int64_t now = 10'000'000; now <= 10'000'000'000; now += 10'000'000) {
    if (now >= pacer.due_ns()) covered += pacer.Take(now).covers;
  }
  EXPECT_NEAR(static_cast<double>(covered), 10'000, 300);
}

TEST(Pacer, StartsOverAfterTheMachineSlept) {
  Pacer pacer(100, 7, 0);
  const int64_t hours = 3 * 3600 * int64_t{1'000'000'000};
  const Pacer::Tick tick = pacer.Take(hours);
  EXPECT_EQ(tick.covers, 1);
  EXPECT_GT(tick.late_ns, Pacer::kLongestGapNs);
  EXPECT_GT(pacer.due_ns(), hours);
  EXPECT_LT(pacer.due_ns(), hours + 1'000'000'000);
}

TEST(Pacer, NextDueIsAlwaysAhead) {
  Pacer pacer(10'000, 3, 0);
  int64_t now = 0;
  for (int i = 0; i < 10'000; ++i) {
    now = pacer.due_ns() + (i % 50) * 10'000;
    pacer.Take(now);
    ASSERT_GT(pacer.due_ns(), now);
  }
}

}  // namespace
}  // namespace hubspy
