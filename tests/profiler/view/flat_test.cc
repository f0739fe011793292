#include "view/flat.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiler/view/profiles.h"
#include "view/facts.h"

namespace hubspy {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<FlatRow> Rows(const Profile& profile, const FlatOptions& options) {
  return FlatRows(profile, profile, options);
}

double OwnSamples(const std::vector<FlatRow>& rows, const Profile& profile) {
  double samples = 0;
  for (const FlatRow& row : rows) samples += row.own_seconds * profile.rate_hz;
  return samples;
}

TEST(Flat, CountsOwnAtTheTopAndTotalAnywhere) {
  EXPECT_THAT(
      Rows(HubProfile(), {.include_idle = true}),
      ElementsAre(FlatRow{90, 90, .9, .9, "epoll_wait (libc.so.6)"},
                  FlatRow{9, 9, .09, .09, "Callback<int> (seed.cc:4)"},
                  FlatRow{1, 10, .01, .1, "green::Hub::Fire (hub.cc:120)"},
                  FlatRow{0, 100, 0, 1, "green::Hub::Run (hub.cc:80)"},
                  FlatRow{0, 100, 0, 1, "main (seed.cc:9)"}));
}

TEST(Flat, MarksInlinedFramesAndCountsThemApart) {
  EXPECT_THAT(
      Rows(InlinedProfile(), {}),
      ElementsAre(FlatRow{75, 75, .03, .03, "Half (seed.cc:3) [inlined]"},
                  FlatRow{25, 25, .01, .01, "Half (seed.cc:3)"},
                  FlatRow{0, 100, 0, .04, "main (seed.cc:9)"}));
}

TEST(Flat, LeavesIdleSamplesOutButCountsTheirLooks) {
  EXPECT_THAT(
      Rows(HubProfile(), {}),
      ElementsAre(FlatRow{9, 9, .09, .09, "Callback<int> (seed.cc:4)"},
                  FlatRow{1, 10, .01, .1, "green::Hub::Fire (hub.cc:120)"},
                  FlatRow{0, 10, 0, .1, "green::Hub::Run (hub.cc:80)"},
                  FlatRow{0, 10, 0, .1, "main (seed.cc:9)"}));
}

TEST(Flat, CountsARecursiveFunctionOncePerSample) {
  const SymbolFrame f{.function = "f", .file = "f.c", .line = 1};
  const Profile profile = ProfileBuilder().Add({f, f, f}, {.count = 5}).Build();
  EXPECT_THAT(Rows(profile, {}),
              ElementsAre(FlatRow{100, 100, .05, .05, "f (f.c:1)"}));
}

TEST(Flat, OwnTimesAddUpToTheSamples) {
  Profile profile = HubProfile();
  profile.samples.push_back({.end = StackEnd::kUnreadableMemory, .count = 4});
  profile.quality.samples += 4;
  EXPECT_NEAR(OwnSamples(Rows(profile, {.include_idle = true}), profile), 104,
              1e-9);
  EXPECT_NEAR(OwnSamples(Rows(profile, {}), profile), 14, 1e-9);
}

TEST(Flat, SeveralBusyThreadsExceedAHundredPercent) {
  const SymbolFrame f{.function = "f"};
  Profile profile = ProfileBuilder()
                        .Add({f}, {.tid = 1, .count = 10})
                        .Add({f}, {.tid = 2, .count = 10})
                        .Build();
  profile.quality.ticks = 10;
  EXPECT_THAT(Rows(profile, {}), ElementsAre(FlatRow{200, 200, .2, .2, "f"}));
}

TEST(Flat, PercentagesAreOfTheWindowAndTimesOfTheWhole) {
  const SymbolFrame old{.function = "old"};
  const SymbolFrame now{.function = "now"};
  const Profile window = ProfileBuilder().Add({now}, {.count = 10}).Build();
  const Profile overall = ProfileBuilder()
                              .Add({old}, {.count = 30})
                              .Add({now}, {.count = 10})
                              .Build();
  EXPECT_THAT(FlatRows(window, overall, {}),
              ElementsAre(FlatRow{0, 0, .3, .3, "old"},
                          FlatRow{100, 100, .1, .1, "now"}));
  EXPECT_THAT(
      FlatRows(window, overall, {.sort = FlatSort::kOwnPercent, .max_rows = 1}),
      ElementsAre(Field(&FlatRow::label, "now")));
}

TEST(Flat, SortsByTheChosenColumnThenByLabel) {
  const auto first = [](FlatSort sort) {
    return Rows(HubProfile(), {.include_idle = true, .sort = sort})[0].label;
  };
  EXPECT_EQ(first(FlatSort::kOwnPercent), "epoll_wait (libc.so.6)");
  EXPECT_EQ(first(FlatSort::kTotalPercent), "green::Hub::Run (hub.cc:80)");
  EXPECT_EQ(first(FlatSort::kOwnTime), "epoll_wait (libc.so.6)");
  EXPECT_EQ(first(FlatSort::kTotalTime), "green::Hub::Run (hub.cc:80)");
}

TEST(Flat, PrintsPySpysColumns) {
  const FlatRow row{0, 0, .01, .01, "run (eventlet/hubs/hub.py:334)"};
  EXPECT_EQ(FlatColumns(row), "  0.00%   0.00%   0.010s    0.010s");
  EXPECT_EQ(FlatColumns({100, 250, 12.345, 1234.5}),
            "100.00% 250.00%   12.35s     1234s");
  EXPECT_EQ(FlatColumns({.own_seconds = 100, .total_seconds = 999.96}),
            "  0.00%   0.00%   100.0s   1000.0s");
}

TEST(Flat, RendersHeaderRowsAndSamples) {
  Profile profile = HubProfile();
  const std::string text =
      RenderFlat(profile, profile, {.include_idle = true, .max_rows = 2});
  EXPECT_EQ(text,
            "  %Own   %Total  OwnTime  TotalTime  Function (filename:line)\n"
            " 90.00%  90.00%   0.900s    0.900s   epoll_wait (libc.so.6)\n"
            "  9.00%   9.00%   0.090s    0.090s   Callback<int> (seed.cc:4)\n"
            "\n"
            "100 samples of 1 thread in 100 looks (100 Hz, 1.00 s)\n");
}

TEST(Flat, SaysHowGoodTheDataIs) {
  Profile profile = HubProfile();
  profile.quality.late = 3;
  profile.quality.failed = 2;
  profile.quality.last_failure = "it\nended";
  profile.quality.partial.Add(StackEnd::kTorn, 1);
  profile.quality.partial.Add(StackEnd::kNoUnwindTable, 9);
  profile.quality.left_out = 5;
  profile.quality.lost = 4;
  profile.quality.by_perf = 80;
  profile.quality.stops = 12;
  profile.quality.worst_pause_ns = 55'400;
  EXPECT_THAT(RenderFlat(profile, profile, {}),
              HasSubstr("; 3 late (3.0%), 2 failed (2.0%: it ended), 10 "
                        "partial (10.0%: 9 no unwind table, 1 torn copy), 5 "
                        "too deep to keep all frames (5.0%), 4 that the kernel "
                        "lost, 80 by perf, 12 stops, the longest 55 us\n"));
}

Profile RecordedProfile() {
  Profile profile = HubProfile();
  profile.pid = 4711;
  profile.command = "./service\n--fast";
  profile.quality.looks = 96;
  profile.quality.failed = 4;
  profile.quality.lost = 1;
  profile.quality.partial.Add(StackEnd::kTorn, 16);
  profile.made = {.version = "1.2.3",
                  .command_line = "hubspy record -o x",
                  .host = "box, Linux 6.1 x86_64",
                  .asked_rate_hz = 50'000,
                  .begin_unix_ns = 1'700'000'000'250'000'000};
  return profile;
}

TEST(Flat, EndsWithTheFactsOfARecording) {
  const Profile profile = RecordedProfile();
  EXPECT_THAT(RenderFlat(profile, profile, {}),
              EndsWith("\n"
                       "\n# made by: hubspy 1.2.3\n"
                       "# command: hubspy record -o x\n"
                       "# host: box, Linux 6.1 x86_64\n"
                       "# process: 4711 ./service --fast\n"
                       "# begun: 2023-11-14T22:13:20.250Z\n"
                       "# rate: 50000 Hz asked for, 96 Hz reached\n"
                       "# bad samples: 20.00%\n"));
}

TEST(Facts, AreShortWhereThereIsOneLine) {
  EXPECT_EQ(FactsInShort(RecordedProfile()),
            "hubspy 1.2.3; 50000 Hz asked for, 96 Hz reached; 20.00% bad "
            "samples");
  EXPECT_EQ(FactsInShort(HubProfile()), "");
}

TEST(Flat, SaysHowToSeeSamplesThatWereAllIdle) {
  const Profile idle =
      ProfileBuilder()
          .Add({{.function = "poll"}}, {.idle = true, .count = 100})
          .Build();
  EXPECT_THAT(Rows(idle, {}), IsEmpty());
  EXPECT_THAT(RenderFlat(idle, idle, {}), HasSubstr("add -i"));
  EXPECT_THAT(RenderFlat(idle, idle, {.include_idle = true}),
              Not(HasSubstr("add -i")));
  EXPECT_THAT(RenderFlat(HubProfile(), HubProfile(), {}),
              Not(HasSubstr("add -i")));
}

TEST(Flat, ShowsNoLineWhereNoneIsKnownOrWanted) {
  const Profile profile =
      ProfileBuilder().Add({{.function = "f", .file = "a/f.c"}}, {}).Build();
  const std::string text = RenderFlat(profile, profile, {});
  EXPECT_THAT(text, HasSubstr("  Function (filename)\n"));
  EXPECT_THAT(text, HasSubstr("   f (f.c)\n"));
}

TEST(Flat, ShowsNothingWithoutSamples) {
  const Profile nothing;
  EXPECT_EQ(RenderFlat(nothing, nothing, {}),
            "  %Own   %Total  OwnTime  TotalTime  Function (filename:line)\n"
            "\n"
            "0 samples of 0 threads in 0 looks (100 Hz, 0.00 s)\n");
}

TEST(Flat, KeepsTheTerminalSafeFromHostileNames) {
  const Profile profile =
      ProfileBuilder()
          .Add({{.function = "\x1B]0;pwned\x07", .file = "a\nb.c"}}, {})
          .Build();
  const std::string text = RenderFlat(profile, profile, {});
  EXPECT_THAT(text, Not(HasSubstr("\x1B")));
  EXPECT_THAT(text, Not(HasSubstr("\x07")));
  EXPECT_THAT(text, HasSubstr("(a b.c)\n"));
}

}  // namespace
}  // namespace hubspy
