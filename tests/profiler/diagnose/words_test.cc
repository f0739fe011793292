#include "diagnose/words.h"

#include "gtest/gtest.h"

namespace hubspy {
namespace {

TEST(Words, DurationsAreSaidInTheUnitThatFits) {
  EXPECT_EQ(words::Duration(0), "0 us");
  EXPECT_EQ(words::Duration(1'150'000), "1.1 ms");
  EXPECT_EQ(words::Duration(2e9), "2.0 s");
  EXPECT_EQ(words::Duration(3472e9), "58 minutes");
  EXPECT_EQ(words::Duration(3 * 3600e9), "3.0 hours");
  EXPECT_EQ(words::Duration(5 * 86400e9), "5.0 days");
  EXPECT_EQ(words::Duration(-2e9), "-2.0 s");
}

TEST(Words, RatesSayHowManyTimesAndWhichWay) {
  EXPECT_EQ(words::Rate(9.0 / 15625), "1736 times slow");
  EXPECT_EQ(words::Rate(2.5), "2.50 times fast");
  EXPECT_EQ(words::Rate(0), "not at all");
  EXPECT_EQ(words::Rate(-1), "backwards");
}

TEST(Words, GreenThreadsAreCalledByNumberAndName) {
  EXPECT_EQ(words::Green(3, ""), "green thread 3");
  EXPECT_EQ(words::Green(3, "foo"), "green thread 3 (foo)");
}

}  // namespace
}  // namespace hubspy
