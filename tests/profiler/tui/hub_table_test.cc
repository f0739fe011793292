#include "tui/hub_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "profiler/tui/screen_text.h"
#include "view/text.h"

namespace hubspy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

HubRow Well(int32_t tid) {
  return {.tid = tid,
          .turns_per_second = 1234.4,
          .fired_per_second = 0.5,
          .pending = 7,
          .greens = GreenCounts{1, 2, 100'000},
          .verdict = "healthy"};
}

HubRow Slow() {
  return {.tid = 4711,
          .turns_per_second = 0.5,
          .fired_per_second = 0,
          .pending = 2,
          .greens = GreenCounts{0, 0, 3},
          .late_ns = 1'250'000'000,
          .clock = "1736x slow",
          .verdict = "clock_rate",
          .is_well = false};
}

TEST(HubTable, HasALineForEachHubWorstFirst) {
  EXPECT_THAT(
      Text(HubTable({Well(8), Slow()}, 9)),
      ElementsAre("Hub   Turns/s  Fired/s  Pending  Run  Ready    Wait  Late  "
                  "Clock       Verdict   ",
                  "4711      0.5        0        2    0      0       3  1.2s  "
                  "1736x slow  clock_rate",
                  "8        1234      0.5        7    1      2  100000        "
                  "            healthy   "));
}

TEST(HubTable, HasNoClockWhereAllAreRight) {
  EXPECT_THAT(
      Text(HubTable({Well(8)}, 9)),
      ElementsAre(
          "Hub  Turns/s  Fired/s  Pending  Run  Ready    Wait  Late  Verdict",
          "8       1234      0.5        7    1      2  100000        healthy"));
}

TEST(HubTable, LeavesOutWhatIsNotKnown) {
  EXPECT_THAT(
      Text(HubTable({{.tid = 8}}, 9)),
      ElementsAre(
          "Hub  Turns/s  Fired/s  Pending  Run  Ready  Wait  Late  Verdict",
          "8                            0                                 "));
}

TEST(HubTable, SaysHowManyThereIsNoRoomFor) {
  EXPECT_THAT(HubTable({}, 5), IsEmpty());
  EXPECT_THAT(HubTable({Well(1)}, 0), IsEmpty());
  EXPECT_THAT(Text(HubTable({Well(1)}, 1)), ElementsAre("1 hub"));
  EXPECT_EQ(HubTable({Well(1), Well(2)}, 3).size(), 3u);
  EXPECT_THAT(Text(HubTable({Well(1), Well(2)}, 2)), ElementsAre("2 hubs"));
  const auto four =
      Text(HubTable({Well(1), Well(2), Slow(), Well(3), Well(4)}, 4));
  ASSERT_EQ(four.size(), 4u);
  EXPECT_EQ(four[1].substr(0, 4), "4711");
  EXPECT_EQ(four[3], "... and 3 more hubs");
}

TEST(HubTable, FitsEightyColumns) {
  HubRow most = Slow();
  most.tid = 4'194'304;
  most.turns_per_second = 1.5e7;
  most.fired_per_second = 1.5e7;
  most.pending = 1'000'000;
  most.greens = GreenCounts{1, 1'000'000, 1'000'000};
  most.verdict = "blocking_call";
  most.clock = "";
  EXPECT_LE(DisplayWidth(Text(HubTable({most}, 2))[1]), 80u);
}

TEST(HubTable, WarnsOfVerdicts) {
  const auto lines = HubTable({Well(8), Slow()}, 9);
  EXPECT_EQ(lines[1].back().style, Style::kWarning);
  EXPECT_EQ(lines[2].back().style, Style::kGood);
}

TEST(CompactNumber, TakesSixColumnsAtMost) {
  EXPECT_EQ(CompactNumber(0), "0");
  EXPECT_EQ(CompactNumber(0.48), "0.5");
  EXPECT_EQ(CompactNumber(9.9), "9.9");
  EXPECT_EQ(CompactNumber(3), "3");
  EXPECT_EQ(CompactNumber(123.4), "123");
  EXPECT_EQ(CompactNumber(100'000), "100000");
  EXPECT_EQ(CompactNumber(999'999.7), "1.00M");
  EXPECT_EQ(CompactNumber(12'345'678), "12.3M");
  EXPECT_EQ(CompactNumber(9.9999e8), "1.0G");
}

TEST(ClockRateText, SaysHowManyTimes) {
  EXPECT_EQ(ClockRateText(9.0 / 15625), "1736x slow");
  EXPECT_EQ(ClockRateText(2.5), "2.50x fast");
  EXPECT_EQ(ClockRateText(0), "stands still");
  EXPECT_EQ(ClockRateText(-1), "backwards");
}

}  // namespace
}  // namespace hubspy
