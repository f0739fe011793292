#include "sample/pacer.h"

#include <cstdint>

#include "gtest/gtest.h"

namespace hubspy {
namespace {

TEST(Pacer, EveryPeriodHasOneLook) {
  Pacer pacer(1000, 7, 500);
  for (int64_t period = 0; period < 100'000; ++period) {
    const int64_t due = pacer.due_ns();
    ASSERT_EQ((due - 500) / 1'000'000, period);
    ASSERT_EQ(pacer.Take(due).covers, 1);
  }
}

TEST(Pacer, CatchesALoopOfItsOwnPeriodAtEveryPhase) {
  Pacer pacer(1000, 7, 0);
  constexpr int kLooks = 100'000;
  constexpr int kPhases = 10;
  int caught[kPhases] = {};
  for (int i = 0; i < kLooks; ++i) {
    const int64_t due = pacer.due_ns();
    ++caught[due % 1'000'000 * kPhases / 1'000'000];
    pacer.Take(due);
  }
  for (int looks : caught) EXPECT_NEAR(looks, kLooks / kPhases, 500);
}

TEST(Pacer, ALateLookStandsForAllThatWereDue) {
  Pacer pacer(1000, 7, 0);
  int64_t covered = 0;
  // Looks that come every 10 ms, ten times too rarely.
  for (int64_t now = 10'000'000; now <= 10'000'000'000; now += 10'000'000) {
    if (now >= pacer.due_ns()) covered += pacer.Take(now).covers;
  }
  EXPECT_NEAR(static_cast<double>(covered), 10'000, 10);
}

TEST(Pacer, StartsOverAfterTheMachineSlept) {
  Pacer pacer(100, 7, 0);
  const int64_t hours = 3 * 3600 * int64_t{1'000'000'000};
  const Pacer::Tick tick = pacer.Take(hours);
  EXPECT_EQ(tick.covers, 1);
  EXPECT_GT(tick.late_ns, Pacer::kLongestGapNs);
  EXPECT_GT(pacer.due_ns(), hours + 10'000'000 - 1);
  EXPECT_LT(pacer.due_ns(), hours + 20'000'000);
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
