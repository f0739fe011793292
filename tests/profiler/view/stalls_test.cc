#include "view/stalls.h"

#include <cstdlib>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "profiler/view/profiles.h"
#include "support/time_units.h"
#include "view/flamegraph.h"

namespace hubspy {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

StallTotals Totals(std::initializer_list<int64_t> lengths_ns) {
  StallTotals totals{.limit_ns = 100 * kMs,
                     .watched_ns = 10 * kSecond,
                     .hub_ns = 10 * kSecond};
  for (const int64_t ns : lengths_ns) totals.Add(ns, ns);
  return totals;
}

StallReport SomeReport() {
  StallReport report{.pid = 7,
                     .command = "./service",
                     .begin_real_ns = 500 * kSecond,
                     .begin_unix_ns = 1'000'000'000 * kSecond,
                     .totals = Totals({812 * kMs, 312 * kMs, 100 * kMs})};
  report.totals.looks = 3;
  report.stacks = {
      {.frames = {{.function = "Count", .file = "/a/count.cc", .line = 4}}},
      {.frames = {{.function = "read"}}, .end = StackEnd::kNoUnwindTable}};
  report.stalls.push_back({.pid = 7,
                           .hub_tid = 8,
                           .begin_real_ns = 501 * kSecond,
                           .length_ns = 812 * kMs,
                           .cause = StallCause::kGreenThread,
                           .switches = 1,
                           .runners = {{.id = 3, .name = "worker", .times = 9}},
                           .looks = {{.after_ns = 100 * kMs, .stack = 0},
                                     {.after_ns = 200 * kMs, .stack = 0},
                                     {.after_ns = 400 * kMs,
                                      .stack = 1,
                                      .state = ThreadState::kSleeping}}});
  report.stalls.push_back({.pid = 7,
                           .hub_tid = 8,
                           .begin_real_ns = 503 * kSecond,
                           .length_ns = 312 * kMs,
                           .perhaps_longer_ns = 12 * kMs,
                           .cause = StallCause::kQueue,
                           .switches = 1204,
                           .most_ready = 900,
                           .runners = {{.id = 4, .name = "Handle", .times = 7},
                                       {.id = 5, .name = "Parse", .times = 9},
                                       {.id = 6, .name = "Handle", .times = 4}},
                           .problem = "gdb traces it"});
  return report;
}

TEST(Stalls, TellsEachWithWhoMadeItAndWhere) {
  setenv("TZ", "UTC", 1);
  EXPECT_EQ(RenderStalls(SomeReport()),
            R"(Process 7: ./service
3 stalls of 100 ms or more in 10 s: 1.22 s in all (12.2% of the time), the longest 812 ms; 3 stacks

01:46:41.000, 1.000 s in, hub of thread 8: lasted 812 ms
  green thread 3 (worker) did not give way
  after 100 ms, 200 ms, running:
    Count (count.cc:4)
  after 400 ms, sleeping:
    read
    ... cut short: no unwind table

01:46:43.000, 3.000 s in, hub of thread 8: lasted 312 ms to 324 ms
  a queue that was too long, 1,204 switches, up to 900 green threads ready; of 20 readings 11 found Handle, 9 found Parse
  no stack: gdb traces it

and 1 shorter one

Lengths:
      100 ms to 200 ms            1  ########################################
      200 ms to 400 ms            1  ########################################
      400 ms to 800 ms            0
      800 ms to 1.6 s             1  ########################################
)");
}

TEST(Stalls, SaysWhatIsNotKnownOfOne) {
  StallReport report = SomeReport();
  report.stalls.resize(1);
  StallReport::Stall& stall = report.stalls[0];
  stall.began_before = true;
  stall.under_way = true;
  stall.begin_real_ns = 440 * kSecond;
  stall.length_ns = 3000 * kSecond;
  EXPECT_THAT(RenderStalls(report),
              AllOf(HasSubstr("60 s before hubspy came, hub of thread 8: goes "
                              "on after 50 minutes\n"),
                    HasSubstr("green thread 3 (worker) does not give way")));
  stall.cause = StallCause::kUnknown;
  stall.runners.clear();
  EXPECT_THAT(RenderStalls(report), HasSubstr("not known who"));
}

TEST(Stalls, NamesCannotDriveTheTerminal) {
  StallReport report = SomeReport();
  report.command = "\x1b[2J";
  report.stalls[0].runners[0].name = "\x1b[2J";
  report.stalls[1].runners[0].name = "\x1b[2J";
  report.stalls[1].problem = "\x1b[2J";
  EXPECT_THAT(RenderStalls(report), Not(HasSubstr("\x1b")));
}

TEST(StallsLine, SaysWhenThereWasNone) {
  EXPECT_EQ(StallsLine(Totals({})), "No stalls of 100 ms or more in 10 s");
}

TEST(StallsLine, SaysWhenThereMayHaveBeenMore) {
  StallTotals totals = Totals({});
  totals.blind_ns = 150 * kMs;
  EXPECT_THAT(StallsLine(totals),
              HasSubstr("did not get to look for 150 ms, which may hide some"));
}

TEST(StallTotalsTest, CountsLengthsByDoublings) {
  EXPECT_EQ(Totals({100 * kMs, 199 * kMs, 200 * kMs, 800 * kMs}).lengths,
            (std::vector<int64_t>{2, 1, 0, 1}));
}

TEST(FormatLength, HasThreeDigitsAndNoZerosBehind) {
  EXPECT_EQ(FormatLength(0), "0 us");
  EXPECT_EQ(FormatLength(1234), "1.23 us");
  EXPECT_EQ(FormatLength(999'600), "1 ms");
  EXPECT_EQ(FormatLength(12'345'678), "12.3 ms");
  EXPECT_EQ(FormatLength(999'700'000), "1 s");
  EXPECT_EQ(FormatLength(58 * 60 * kSecond), "58 minutes");
  EXPECT_EQ(FormatLength(5 * 3600 * kSecond), "5.0 hours");
}

TEST(StallsGraph, IsInMicroseconds) {
  Profile profile =
      ProfileBuilder().Add({{.function = "Count"}}, {.count = 4321}).Build();
  profile.stalls = Totals({812 * kMs});
  EXPECT_THAT(RenderFlamegraph(profile, {}),
              AllOf(HasSubstr("Count (4,321 us, 100.00%)"),
                    HasSubstr("1 stall of 100 ms or more")));
}

}  // namespace
}  // namespace hubspy
