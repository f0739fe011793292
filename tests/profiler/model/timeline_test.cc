#include "model/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/time_units.h"

namespace hubspy {
namespace {

using ::testing::ElementsAre;

// The look of that number, of one each millisecond.
Timeline::Look At(int64_t number) {
  return {.number = number, .at_ns = number * kMs, .period_ns = kMs};
}

TEST(Timeline, ASpanLastsUntilSomethingElseIsSeen) {
  Timeline times;
  times.Add(0, 5, At(1), 1);
  times.Add(0, 5, At(2), 1);
  times.Add(0, 300, At(3), 2);
  times.Add(0, 5, At(4), 1);
  EXPECT_THAT(times.Spans(0),
              ElementsAre(Timeline::Span{5, 1 * kMs, 3 * kMs, 2},
                          Timeline::Span{300, 3 * kMs, 4 * kMs, 2},
                          Timeline::Span{5, 4 * kMs, 5 * kMs, 1}));
}

TEST(Timeline, WhoIsNotSeenInALookHasAGap) {
  Timeline times;
  times.Add(0, 5, At(1), 1);
  times.Add(0, 5, At(9), 1);
  EXPECT_THAT(times.Spans(0),
              ElementsAre(Timeline::Span{5, 1 * kMs, 2 * kMs, 1},
                          Timeline::Span{5, 9 * kMs, 10 * kMs, 1}));
}

TEST(Timeline, LanesAreApart) {
  Timeline times;
  times.Add(1, 5, At(1), 1);
  times.Add(0, 6, At(1), 1);
  times.Add(1, 5, At(2), 1);
  EXPECT_EQ(times.lanes(), 2u);
  EXPECT_THAT(times.Spans(0),
              ElementsAre(Timeline::Span{6, 1 * kMs, 2 * kMs, 1}));
  EXPECT_THAT(times.Spans(1),
              ElementsAre(Timeline::Span{5, 1 * kMs, 3 * kMs, 2}));
}

TEST(Timeline, ASleepCostsNothingAndAChangeSixBytes) {
  Timeline asleep, busy;
  for (int64_t i = 0; i < 100'000; ++i) {
    asleep.Add(0, 1, At(i), 1);
    busy.Add(0, static_cast<uint32_t>(i % 1000), At(i), 1);
  }
  EXPECT_LT(asleep.bytes(), 200u);
  EXPECT_LT(busy.bytes(), 650'000u);
}

TEST(Timeline, IsBoundedAndSaysWhenItWasFull) {
  Timeline times(1000);
  for (int64_t i = 0; i < 1000; ++i) {
    times.Add(0, static_cast<uint32_t>(i), At(i), 1);
  }
  EXPECT_LT(times.bytes(), 1020u);
  ASSERT_TRUE(times.full_at_ns());
  EXPECT_EQ(times.Spans(0).back().begin_ns, *times.full_at_ns());
  EXPECT_EQ(Timeline().full_at_ns(), std::nullopt);
}

TEST(Timeline, ScalesEachLanesSamplesToASample) {
  Timeline times;
  for (int64_t i = 0; i < 99; ++i) {
    times.Add(0, static_cast<uint32_t>(i), At(i), 1);
  }
  times.Scale(1.0 / 3);
  int64_t samples = 0;
  for (const Timeline::Span& span : times.Spans(0)) samples += span.samples;
  EXPECT_EQ(samples, 33);
  EXPECT_EQ(times.Spans(0).back().end_ns, 99 * kMs);
}

}  // namespace
}  // namespace hubspy
