#include "green/histogram.h"

#include <cstdint>

#include "gtest/gtest.h"

namespace green {
namespace {

TEST(Histogram, IsEmptyAtFirst) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.max_ns(), 0);
  EXPECT_EQ(histogram.Percentile(0.5), 0);
}

TEST(Histogram, BucketsFollowOneAnotherWithoutAGap) {
  for (size_t i = 0; i + 1 < Histogram::kBuckets; ++i) {
    const int64_t begin = Histogram::BucketBegin(i);
    const int64_t end = Histogram::BucketBegin(i + 1);
    ASSERT_LT(begin, end);
    ASSERT_EQ(Histogram::BucketOf(begin), i);
    ASSERT_EQ(Histogram::BucketOf(end - 1), i);
  }
}

TEST(Histogram, ABucketIsAtMostAnEighthOfWhatItHolds) {
  for (size_t i = 1; i + 1 < Histogram::kBuckets; ++i) {
    const int64_t begin = Histogram::BucketBegin(i);
    ASSERT_LE(Histogram::BucketBegin(i + 1) - begin, begin < 8 ? 1 : begin / 8);
  }
}

TEST(Histogram, SpansAnHour) {
  EXPECT_GT(Histogram::BucketBegin(Histogram::kBuckets - 1),
            int64_t{3600} * 1'000'000'000);
  Histogram histogram;
  histogram.Record(INT64_MAX);
  EXPECT_EQ(histogram.CountIn(Histogram::kBuckets - 1), 1u);
  EXPECT_EQ(histogram.Percentile(1), INT64_MAX);
}

TEST(Histogram, NegativeCountsAsZero) {
  Histogram histogram;
  histogram.Record(-5);
  EXPECT_EQ(histogram.CountIn(0), 1u);
  EXPECT_EQ(histogram.max_ns(), 0);
}

TEST(Histogram, PercentilesAreBoundsFromAbove) {
  Histogram histogram;
  for (int64_t i = 1; i <= 1000; ++i) histogram.Record(i * 1000);
  for (const double share : {0.1, 0.5, 0.9, 0.99}) {
    const double exact = share * 1'000'000;
    EXPECT_GE(static_cast<double>(histogram.Percentile(share)), exact);
    EXPECT_LE(static_cast<double>(histogram.Percentile(share)), exact * 1.125);
  }
  EXPECT_EQ(histogram.Percentile(1), 1'000'000);
  EXPECT_EQ(histogram.Percentile(7), 1'000'000);
}

TEST(Histogram, APercentileOfFewIsThatOfTheNextHigherRank) {
  Histogram histogram;
  histogram.Record(3);
  histogram.Record(7);
  EXPECT_EQ(histogram.Percentile(0), 3);
  EXPECT_EQ(histogram.Percentile(0.5), 3);
  EXPECT_EQ(histogram.Percentile(0.51), 7);
}

}  // namespace
}  // namespace green
