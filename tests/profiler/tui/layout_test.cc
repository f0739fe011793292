#include "tui/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "profiler/view/profiles.h"
#include "view/text.h"

namespace hubspy {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> Text(const std::vector<ScreenLine>& lines) {
  std::vector<std::string> text;
  for (const ScreenLine& line : lines) {
    text.emplace_back();
    for (const Span& span : line) absl::StrAppend(&text.back(), span.text);
  }
  return text;
}

Profile Sampled() {
  Profile profile = HubProfile();
  profile.pid = 7;
  profile.command = "seed --fast";
  return profile;
}

ScreenModel Model(const ScreenState& state = {.include_idle = true}) {
  return MakeScreenModel(Sampled(), Sampled(), state);
}

TEST(Layout, LooksLikePySpy) {
  EXPECT_THAT(
      Text(LayOut(Model(), {.columns = 62, .rows = 11})),
      ElementsAre(
          "Collecting samples from 'seed --fast (pid 7)'",
          "Total Samples 100 in 100 looks", "Active: 10.00%, Threads: 1", "",
          "  %Own   %Total  OwnTime  TotalTime  Function (filename:line) ",
          " 90.00%  90.00%   0.900s    0.900s   epoll_wait (libc.so.6)",
          "  9.00%   9.00%   0.090s    0.090s   Callback<int> (seed.cc:4)",
          "  1.00%  10.00%   0.010s    0.100s   green::Hub::Fire (hub.c..",
          "  0.00% 100.00%   0.000s     1.00s   green::Hub::Run (hub.cc..", "",
          "Press q to quit, or ? for help."));
}

TEST(Layout, NeverExceedsTheTerminal) {
  for (const bool help : {false, true}) {
    const ScreenModel model = Model({.help = help, .include_idle = true});
    for (int columns = 0; columns < 90; ++columns) {
      for (int rows = 0; rows < 30; ++rows) {
        const auto text =
            Text(LayOut(model, {.columns = columns, .rows = rows}));
        ASSERT_LE(text.size(), static_cast<size_t>(rows));
        for (const std::string& line : text) {
          ASSERT_LE(DisplayWidth(line), static_cast<size_t>(columns));
        }
      }
    }
  }
}

TEST(Layout, KeepsTheFootAtTheBottom) {
  const auto text = Text(LayOut(Model(), {.columns = 80, .rows = 40}));
  ASSERT_EQ(text.size(), 40u);
  EXPECT_EQ(text.back(), "Press q to quit, or ? for help.");
}

TEST(Layout, MarksTheColumnSortedBy) {
  const auto sorted = [](FlatSort sort) {
    ScreenModel model = Model({.sort = sort});
    std::string marked;
    for (const ScreenLine& line : LayOut(model, {.columns = 80, .rows = 24})) {
      for (const Span& span : line) {
        if (span.style == Style::kSortedHeader) marked += span.text;
      }
    }
    return marked;
  };
  EXPECT_EQ(sorted(FlatSort::kOwnPercent), "  %Own ");
  EXPECT_EQ(sorted(FlatSort::kTotalPercent), "  %Total");
  EXPECT_EQ(sorted(FlatSort::kOwnTime), "  OwnTime");
  EXPECT_EQ(sorted(FlatSort::kTotalTime), "  TotalTime");
}

TEST(Layout, WarnsOnlyOfDataThatIsImpaired) {
  ScreenModel model = Model();
  EXPECT_THAT(Text(LayOut(model, {.columns = 99, .rows = 24})),
              Not(Contains(HasSubstr("Error Rate"))));
  model.overall.failed = 25;
  model.overall.last_failure = "no\033 permission";
  model.overall.late = 20;
  model.overall.partial.Add(StackEnd::kNoUnwindTable, 49);
  model.overall.partial.Add(StackEnd::kTorn, 1);
  model.overall.stops = 3;
  model.overall.worst_pause_ns = 55'400;
  model.rate_note = "Sampling 9 times a second.";
  const auto text = Text(LayOut(model, {.columns = 199, .rows = 24}));
  EXPECT_THAT(text, Contains("Sampling 9 times a second."));
  EXPECT_THAT(text, Contains(HasSubstr("20% of the looks came late")));
  EXPECT_THAT(text, Contains("Total Samples 100 in 100 looks, Error Rate "
                             "20.00% (no\xEF\xBF\xBD permission), Partial "
                             "Stacks 50.00% (49 no unwind table, 1 torn copy), "
                             "Longest Stop 55 us"));
}

TEST(Layout, SaysWhyTheTableIsEmpty) {
  const Profile idle =
      ProfileBuilder()
          .Add({{.function = "poll"}}, {.idle = true, .count = 9})
          .Build();
  const ScreenSize size{.columns = 80, .rows = 24};
  EXPECT_THAT(Text(LayOut(MakeScreenModel(idle, idle, {}), size)),
              Contains(HasSubstr("-i to see where")));
  EXPECT_THAT(Text(LayOut(MakeScreenModel({}, {}, {}), size)),
              Not(Contains(HasSubstr("-i to see where"))));
}

TEST(Layout, ShowsHelpWhenAsked) {
  const ScreenState state = After(Key::kHelp, {});
  EXPECT_THAT(Text(LayOut(Model(state), {.columns = 80, .rows = 24})),
              Contains(HasSubstr("q   Quit")));
  EXPECT_THAT(Text(LayOut(Model(After(Key::kLeaveHelp, state)),
                          {.columns = 80, .rows = 24})),
              Contains(HasSubstr("? for help")));
}

TEST(Keys, ChangeWhatIsShown) {
  EXPECT_EQ(After(Key::kSortOwnPercent, {}).sort, FlatSort::kOwnPercent);
  EXPECT_EQ(After(Key::kSortTotalPercent, {}).sort, FlatSort::kTotalPercent);
  EXPECT_EQ(After(Key::kSortTotalTime, {}).sort, FlatSort::kTotalTime);
  EXPECT_EQ(After(Key::kSortOwnTime, {.sort = FlatSort::kTotalTime}).sort,
            FlatSort::kOwnTime);
  EXPECT_FALSE(After(Key::kToggleLines, {}).by_line);
  EXPECT_TRUE(After(Key::kToggleLines, {.by_line = false}).by_line);
}

}  // namespace
}  // namespace hubspy
