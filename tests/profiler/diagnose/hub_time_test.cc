#include "diagnose/hub_time.h"

#include "gtest/gtest.h"

namespace hubspy {
namespace {

// Read 1,000 s after the hub's first reading; `rate` hub seconds a real one.
HubView HubAtRate(double rate) {
  return {.first = {.now_ns = 0, .witness_real_ns = 0},
          .last = {.now_ns = static_cast<int64_t>(rate * 1e12),
                   .witness_real_ns = 1'000'000'000'000}};
}

TEST(HubTime, OfARightClockGoesOnSinceItWasRead) {
  const HubTime time(HubAtRate(1), 1'002'000'000'000);
  EXPECT_EQ(time.rate(), 1);
  EXPECT_EQ(time.RealUntilNs(1'005'000'000'000), 3'000'000'000);
  EXPECT_EQ(time.RealUntilNs(1'001'000'000'000), -1'000'000'000);
  EXPECT_EQ(time.RealSinceNs(1'000'000'000'000), 2'000'000'000);
}

TEST(HubTime, OfASlowClockIsStretched) {
  const HubTime time(HubAtRate(0.5), 1'002'000'000'000);
  EXPECT_EQ(time.rate(), 0.5);
  EXPECT_EQ(time.RealUntilNs(502'000'000'000), 2'000'000'000);
  EXPECT_EQ(time.RealSinceNs(500'000'000'000), 2'000'000'000);
  EXPECT_EQ(time.RealSinceNs(400'000'000'000), 202'000'000'000);
}

TEST(HubTime, OfAClockThatStandsStillIsNotKnown) {
  const HubTime time(HubAtRate(0), 1'002'000'000'000);
  EXPECT_EQ(time.RealUntilNs(5), std::nullopt);
  EXPECT_EQ(time.RealSinceNs(0), std::nullopt);
}

TEST(HubTime, OfAClockThatWasSetBackGoesRightSince) {
  const HubTime time(HubAtRate(-3), 1'000'000'000'000);
  EXPECT_EQ(time.rate(), 1);
  EXPECT_EQ(time.RealUntilNs(-3'000'000'000'000 + 7), 7);
}

// A green thread's record is read a little later than its hub's.
TEST(HubTime, WhatIsYetToComeWasNoTimeAgo) {
  EXPECT_EQ(HubTime(HubAtRate(1), 0).RealSinceNs(2'000'000'000'000), 0);
}

TEST(HubTime, HostileReadingsAreBounded) {
  const HubTime time({.last = {.now_ns = INT64_MIN}}, INT64_MAX);
  EXPECT_EQ(time.RealUntilNs(INT64_MAX), 9'000'000'000'000'000'000);
}

}  // namespace
}  // namespace hubspy
