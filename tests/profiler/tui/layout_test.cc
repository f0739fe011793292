#include "tui/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "profiler/tui/screen_text.h"
#include "profiler/view/profiles.h"
#include "view/text.h"

namespace hubspy {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Profile Sampled() {
  Profile profile = HubProfile();
  profile.pid = 7;
  profile.command = "seed --fast";
  return profile;
}

ScreenModel Model(const ScreenState& state = {
                      .choice = {.include_idle = true}}) {
  return MakeScreenModel(Sampled(), Sampled(), state);
}

ScreenState Open(std::vector<std::string> functions) {
  ScreenState state;
  state.choice.include_idle = true;
  state.choice.functions = std::move(functions);
  return state;
}

constexpr ScreenSize kSmall = {.columns = 62, .rows = 10};
constexpr ScreenSize kUsual = {.columns = 80, .rows = 24};

TEST(Layout, LooksLikePySpy) {
  EXPECT_THAT(
      Text(LayOut(Model({}), kSmall)),
      ElementsAre(
          "Collecting samples from process 7: seed --fast",
          "Total Samples 100 in 100 looks", "Active: 10.00%, Threads: 1", "",
          "  %Own   %Total  OwnTime  TotalTime  Function (filename:line) ",
          "  9.00%   9.00%   0.090s    0.090s   Callback<int> (seed.cc:4)",
          "  1.00%  10.00%   0.010s    0.100s   green::Hub::Fire (hub.c..",
          "  0.00%  10.00%   0.000s    0.100s   green::Hub::Run (hub.cc..",
          "  0.00%  10.00%   0.000s    0.100s   main (seed.cc:9)",
          "Press q to quit, or ? for help."));
}

TEST(Layout, NeverExceedsTheTerminal) {
  std::vector<ScreenModel> models = {Model(),
                                     Model(Open({"main (seed.cc:9)"}))};
  models.push_back(Model({.help = true}));
  models.push_back(Model({.typing = true}));
  models[0].hubs.resize(9);
  models[0].state.selected = RowName{Part::kTable, "main (seed.cc:9)"};
  models[0].overall.last_failure = std::string(99, 'x');
  models[0].overall.failed = 1;
  models[0].rows[0].label = "\xE5\x90\x8D\xE5\x89\x8D" + std::string(99, 'y');
  for (const ScreenModel& model : models) {
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

TEST(Layout, LeavesOutTheProgramsFolderWhereItDoesNotFit) {
  ScreenModel model = Model();
  model.command = "/opt/a/long/way/seed --file=/tmp/x";
  EXPECT_EQ(Text(LayOut(model, {.columns = 80, .rows = 24}))[0],
            "Collecting samples from process 7: /opt/a/long/way/seed "
            "--file=/tmp/x");
  EXPECT_EQ(Text(LayOut(model, {.columns = 60, .rows = 24}))[0],
            "Collecting samples from process 7: seed --file=/tmp/x");
}

TEST(Layout, KeepsTheFootAtTheBottom) {
  const auto text = Text(LayOut(Model(), {.columns = 80, .rows = 40}));
  ASSERT_EQ(text.size(), 40u);
  EXPECT_EQ(text.back(), "Press q to quit, or ? for help.");
}

TEST(Layout, MarksTheColumnSortedBy) {
  const auto sorted = [](FlatSort sort) {
    ScreenModel model = Model({.choice = {.sort = sort}});
    std::string marked;
    for (const ScreenLine& line : LayOut(model, kUsual)) {
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
              Not(Contains(AnyOf(HasSubstr("Rate"), HasSubstr("Late")))));
  model.overall.failed = 25;
  model.overall.last_failure = "no\033 permission";
  model.overall.late = 20;
  model.overall.partial.Add(StackEnd::kNoUnwindTable, 49);
  model.overall.partial.Add(StackEnd::kTorn, 1);
  model.overall.stops = 3;
  model.overall.worst_pause_ns = 55'400;
  model.notes = {"Sampling 9 times a second."};
  const auto text = Text(LayOut(model, {.columns = 199, .rows = 24}));
  EXPECT_THAT(text, Contains("Sampling 9 times a second."));
  EXPECT_THAT(text, Contains(HasSubstr("20% of the looks came late")));
  EXPECT_THAT(text, Contains("Total Samples 100 in 100 looks, Late Looks "
                             "20.00%, Error Rate 20.00% (no\xEF\xBF\xBD "
                             "permission), Partial Stacks 50.00% (49 no unwind "
                             "table, 1 torn copy), Longest Stop 55 us"));
}

TEST(Layout, PutsWhatDoesNotFitOnALineOnTheNext) {
  ScreenModel model = Model();
  model.overall.late = 1;
  model.overall.stops = 3;
  model.overall.worst_pause_ns = 55'400;
  const auto text = Text(LayOut(model, {.columns = 60, .rows = 24}));
  EXPECT_EQ(text[1], "Total Samples 100 in 100 looks, Late Looks 1.00%,");
  EXPECT_EQ(text[2], "Longest Stop 55 us");
}

TEST(Layout, SaysWhyTheTableIsEmpty) {
  const Profile idle =
      ProfileBuilder()
          .Add({{.function = "poll"}}, {.idle = true, .count = 9})
          .Build();
  EXPECT_THAT(Text(LayOut(MakeScreenModel(idle, idle, {}), kUsual)),
              Contains(HasSubstr("press i to see where")));
  EXPECT_THAT(Text(LayOut(MakeScreenModel({}, {}, {}), kUsual)),
              Not(Contains(HasSubstr("press i to see where"))));
}

TEST(Layout, ShowsHelpWhenAsked) {
  const auto text = Text(LayOut(Model({.help = true}), kUsual));
  EXPECT_THAT(text, Contains(HasSubstr("q       Quit")));
  EXPECT_THAT(text, Contains(HasSubstr("1       Sort by %Own")));
}

TEST(Layout, ShowsHubsInAQuarterOfTheRows) {
  ScreenModel model = Model();
  model.hubs.resize(9);
  EXPECT_THAT(Text(LayOut(model, kUsual)),
              Contains(HasSubstr("... and 6 more hubs")));
  EXPECT_THAT(Text(LayOut(model, {.columns = 80, .rows = 12})),
              Contains(HasSubstr("... and 8 more hubs")));
}

TEST(Layout, SaysWhatWasChosen) {
  ScreenState state;
  state.choice = {
      .include_idle = true, .threads = true, .green = true, .filter = "hub::"};
  state.paused = true;
  EXPECT_THAT(
      Text(LayOut(Model(state), {.columns = 140, .rows = 24})),
      Contains("Paused: this stands still, sampling goes on (space: show it), "
               "idle too, by thread, green threads, only /hub::/ (2 of 6)"));
}

TEST(Filter, KeepsTheRowsThatItIsFoundIn) {
  const auto rows = [](std::string filter) {
    std::vector<std::string> labels;
    for (const FlatRow& row :
         Model({.choice = {.filter = std::move(filter)}}).rows) {
      labels.push_back(row.label);
    }
    return labels;
  };
  const std::vector<std::string> hubs = {"green::Hub::Fire (hub.cc:120)",
                                         "green::Hub::Run (hub.cc:80)"};
  EXPECT_EQ(rows("HUB"), std::vector<std::string>());
  EXPECT_EQ(rows("Hub"), hubs);
  EXPECT_EQ(rows("hub::(fire|run)"), hubs);
  EXPECT_EQ(rows("^main"), std::vector<std::string>{"main (seed.cc:9)"});
  EXPECT_EQ(rows("(").size(), 4u);
}

TEST(Filter, SaysThatItIsNone) {
  EXPECT_THAT(Text(LayOut(Model({.choice = {.filter = "("}}), kUsual)),
              Contains("/(/ is no regular expression (yet)"));
}

TEST(Panel, HasCallersAboveAndCalleesBelow) {
  ScreenState state = Open({"green::Hub::Fire (hub.cc:120)"});
  const auto text = Text(LayOut(Model(state), {.columns = 90, .rows = 10}));
  EXPECT_THAT(text[4], HasSubstr("Callers, function, callees"));
  EXPECT_EQ(
      text[5],
      "  1.00%  10.00%   0.010s    0.100s     green::Hub::Run (hub.cc:80)");
  EXPECT_EQ(
      text[6],
      "  1.00%  10.00%   0.010s    0.100s   green::Hub::Fire (hub.cc:120)");
  EXPECT_EQ(
      text[7],
      "  9.00%   9.00%   0.090s    0.090s       Callback<int> (seed.cc:4)");
}

TEST(Selection, IsSeenWhereverItIs) {
  ProfileBuilder builder;
  for (int i = 0; i < 100; ++i) {
    builder.Add({{.function = absl::StrCat("f", i)}}, {.count = 200 - i});
  }
  const Profile profile = builder.Build();
  for (int i = 0; i < 100; ++i) {
    ScreenModel model = MakeScreenModel(profile, profile, {});
    const RowName row = RowNames(model)[static_cast<size_t>(i)];
    model.state.selected = row;
    size_t selected = 0;
    for (const ScreenLine& line : LayOut(model, kUsual)) {
      if (line.empty() || line[0].style != Style::kSelected) continue;
      ++selected;
      EXPECT_THAT(line[0].text, HasSubstr(row.label + " "));
      EXPECT_EQ(DisplayWidth(line[0].text), 80u);
    }
    EXPECT_EQ(selected, 1u);
  }
}

TEST(Active, IsOfThreadsThatRun) {
  const GreenActivity waits{.state = GreenState::kWaiting};
  const SymbolFrame main{.function = "main"};
  Profile profile = ProfileBuilder()
                        .Add({main}, {.count = 30, .green = waits})
                        .Add({main}, {.count = 20, .green = GreenActivity()})
                        .Add({main}, {.count = 5})
                        .Build();
  profile.quality.ticks = 50;
  EXPECT_DOUBLE_EQ(MakeScreenModel(profile, profile, {}).active_percent, 50);
}

}  // namespace
}  // namespace hubspy
