#include "sample/hub_points.h"

#include <gtest/gtest.h>

#include "support/time_units.h"

namespace hubspy {
namespace {

using Point = HubPoints::Point;

Point At(int64_t ms) {
  return {.at_ns = ms * kMs, .iterations = static_cast<uint64_t>(ms)};
}

TEST(HubPoints, KeepsAPointAStepAndTheLatest) {
  HubPoints points;
  for (int64_t ms = 0; ms <= 34; ms += 2) points.Add(0, At(ms));
  EXPECT_EQ(points.Of(0),
            (std::vector<Point>{At(0), At(10), At(20), At(30), At(34)}));
}

TEST(HubPoints, HoweverLongItTakesItKeepsAsManyAndBothEnds) {
  HubPoints points(/*most_points=*/100);
  constexpr int64_t kEnd = 3'600'000;
  for (int64_t ms = 0; ms <= kEnd; ms += 10) {
    points.Add(0, At(ms));
    points.Add(1, At(ms));
    ASSERT_LE(points.kept(), 100u);
  }
  for (const size_t hub : {0u, 1u}) {
    const std::vector<Point> of = points.Of(hub);
    EXPECT_GE(of.size(), 25u);
    EXPECT_EQ(of.front(), At(0));
    EXPECT_EQ(of.back(), At(kEnd));
    // As evenly as at first.
    const int64_t step_ns = of[1].at_ns - of[0].at_ns;
    for (size_t i = 1; i + 1 < of.size(); ++i) {
      EXPECT_EQ(of[i].at_ns - of[i - 1].at_ns, step_ns) << i;
    }
  }
}

// Its latest point may be the very one that thinning drops.
TEST(HubPoints, OfAHubThatIsGoneTheLatestStays) {
  HubPoints points(/*most_points=*/20);
  points.Add(0, At(0));
  points.Add(0, At(10));
  for (int64_t ms = 20; ms < 100'000; ms += 10) points.Add(1, At(ms));
  EXPECT_EQ(points.Of(0), (std::vector<Point>{At(0), At(10)}));
}

TEST(HubPoints, MoreHubsThanThereIsRoomForAreLeftOut) {
  HubPoints points(/*most_points=*/10);
  for (size_t hub = 0; hub < 100; ++hub) {
    for (int64_t ms = 0; ms < 1000; ms += 10) points.Add(hub, At(ms));
  }
  EXPECT_EQ(points.hubs(), 5u);
  EXPECT_LE(points.kept(), 10u);
}

}  // namespace
}  // namespace hubspy
