#include "cli/hub_meter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>

#include "support/time_units.h"

namespace hubspy {
namespace {

// Its clock has gone right for ten seconds; it sleeps.
HubView Hub() {
  return {.record = Address(0x1000),
          .tid = 7,
          .state = HubState::kPolling,
          .iterations = 100,
          .timebase_numer = 1,
          .timebase_denom = 1,
          .first = {.ticks = 0, .now_ns = 0, .witness_real_ns = 0},
          .last = {.ticks = 10 * kSecond,
                   .now_ns = 10 * kSecond,
                   .witness_real_ns = 10 * kSecond},
          .timers = 3,
          .timers_fired = 40,
          .next_deadline_ns = 11 * kSecond};
}

TEST(RowOf, CountsWhatHappenedInTheTime) {
  HubView now = Hub();
  now.iterations += 50;
  now.timers_fired += 5;
  const HubRow row =
      RowOf({.before = Hub(), .now = now, .duration_ns = 2 * kSecond});
  EXPECT_EQ(row.tid, 7);
  EXPECT_EQ(row.turns_per_second, 25);
  EXPECT_EQ(row.fired_per_second, 2.5);
  EXPECT_EQ(row.pending, 3u);
}

TEST(RowOf, KnowsNoRateOfANewHub) {
  EXPECT_FALSE(RowOf({.now = Hub(), .duration_ns = kSecond}).turns_per_second);
  // Its thread had another hub before; so had its record.
  HubView other = Hub();
  other.first.ticks = 5;
  EXPECT_FALSE(RowOf({.before = other, .now = Hub(), .duration_ns = kSecond})
                   .turns_per_second);
  EXPECT_FALSE(RowOf({.before = Hub(), .now = Hub(), .duration_ns = 0})
                   .turns_per_second);
}

TEST(OverdueNs, IsHowLongItsNextTimerIsLate) {
  EXPECT_EQ(OverdueNs(Hub(), 10 * kSecond), 0);
  EXPECT_EQ(OverdueNs(Hub(), 11 * kSecond), 0);
  EXPECT_EQ(OverdueNs(Hub(), 11 * kSecond + kMs - 1), 0);
  EXPECT_EQ(OverdueNs(Hub(), 11 * kSecond + kMs), kMs);
  EXPECT_EQ(OverdueNs(Hub(), 13 * kSecond), 2 * kSecond);
}

TEST(OverdueNs, IsNothingWithoutATimerOrWhileTheyFire) {
  HubView hub = Hub();
  hub.next_deadline_ns.reset();
  EXPECT_EQ(OverdueNs(hub, 13 * kSecond), 0);
  hub = Hub();
  hub.state = HubState::kFiringTimers;
  EXPECT_EQ(OverdueNs(hub, 13 * kSecond), 0);
  hub.state = HubState::kStopped;
  EXPECT_EQ(OverdueNs(hub, 13 * kSecond), 0);
}

TEST(OverdueNs, IsByAWrongClockWhatItReallyIs) {
  // Twice as fast by taking 2/1 for 1/1 would be slow: half a second each.
  HubView hub = Hub();
  hub.timebase_numer = 2;
  hub.last.now_ns = 5 * kSecond;
  hub.last.ticks = 5 * kSecond;
  hub.next_deadline_ns = 6 * kSecond;
  EXPECT_EQ(OverdueNs(hub, 11 * kSecond), 0);
  EXPECT_EQ(OverdueNs(hub, 13 * kSecond), kSecond);
}

TEST(OverdueNs, IsNothingWhereItIsNotSettledHowWrongTheClockIs) {
  HubView hub = Hub();
  hub.last.now_ns = 5 * kSecond;  // no conversion explains that
  hub.next_deadline_ns = 5 * kSecond;
  EXPECT_EQ(OverdueNs(hub, 13 * kSecond), 0);
}

TEST(OverdueNs, BearsAnyNumbers) {
  HubView hub = Hub();
  hub.next_deadline_ns = INT64_MIN + 1;
  EXPECT_GT(OverdueNs(hub, INT64_MAX), 0);
  hub.next_deadline_ns = INT64_MAX;
  EXPECT_EQ(OverdueNs(hub, INT64_MIN), 0);
}

}  // namespace
}  // namespace hubspy
