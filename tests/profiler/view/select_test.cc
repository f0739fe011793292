#include "view/select.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "profiler/view/profiles.h"
#include "support/time_units.h"
#include "view/facts.h"
#include "view/flat.h"
#include "view/raw.h"

namespace hubspy {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

// A thread that works for a second and then sleeps for three, at 100 Hz; it was
// there in every look. Another one worked for the third second.
Profile FourSeconds() {
  const SymbolFrame main{.function = "main"};
  ProfileBuilder builder;
  builder.Add({main, {.function = "Work"}}, {.count = 101})
      .Add({main, {.function = "Sleep"}}, {.idle = true, .count = 301})
      .Add({main, {.function = "Work"}, {.function = "Help"}},
           {.tid = 8, .count = 99});
  Profile& profile = builder.profile();
  profile.samples[1].state = ThreadState::kSleeping;
  profile.samples[1].system_call = "nanosleep";
  profile.threads = {{7, "hub"}, {8, "worker"}};
  profile.made = {.version = "1", .begin_unix_ns = 5'000 * kMs};
  profile.lanes = {
      {7, 0, {{0, 0, 1000 * kMs, 101}, {1, 1000 * kMs, 4000 * kMs, 301}}},
      {8, 0, {{2, 2000 * kMs, 3000 * kMs, 99}}}};
  Profile built = builder.Build();
  built.quality.ticks = 402;
  built.quality.looks = 402;
  built.quality.late = 4;
  built.quality.failed = 50;
  built.duration_ns = 4000 * kMs;
  return built;
}

// Samples by their innermost frame.
std::map<std::string, int64_t> Own(const Profile& profile) {
  std::map<std::string, int64_t> own;
  for (const Profile::Sample& sample : profile.samples) {
    own[sample.frames.empty() ? ""
                              : profile.frames[sample.frames[0]].function] +=
        sample.count;
  }
  return own;
}

Selection Between(int64_t since_ms, int64_t until_ms) {
  Selection selection;
  selection.since_ns = since_ms * kMs;
  selection.until_ns = until_ms * kMs;
  return selection;
}

TEST(Select, NothingAskedForIsAll) {
  const Profile profile = FourSeconds();
  EXPECT_EQ(Select(profile, {}).profile, profile);
}

TEST(Select, ASpanOfTimeHasTheSamplesThatWereSeenInIt) {
  const Selected selected = Select(FourSeconds(), Between(500, 2500));
  EXPECT_THAT(
      Own(selected.profile),
      ElementsAre(Pair("Help", 50), Pair("Sleep", 151), Pair("Work", 50)));
  EXPECT_EQ(selected.note, "");
  EXPECT_EQ(selected.profile.duration_ns, 2000 * kMs);
}

TEST(Select, ItsTimesBeginWithIt) {
  const Profile part = Select(FourSeconds(), Between(500, 2500)).profile;
  EXPECT_EQ(part.lanes[0].spans[0].end_ns, 500 * kMs);
  EXPECT_EQ(part.lanes[0].spans[1].end_ns, 2000 * kMs);
  EXPECT_EQ(part.made.begin_unix_ns, 5'500 * kMs);
}

TEST(Select, PercentagesAreOfTheLooksInTheSpan) {
  const Profile part = Select(FourSeconds(), Between(1000, 4000)).profile;
  EXPECT_EQ(part.quality.ticks, 301);
  const auto rows = FlatRows(part, part, {.include_idle = true});
  EXPECT_EQ(rows[0].label, "Sleep");
  EXPECT_DOUBLE_EQ(rows[0].own_percent, 100);
  EXPECT_DOUBLE_EQ(rows[1].own_percent, 100.0 * 99 / 301);
}

TEST(Select, PartsAddUpToTheWhole) {
  const Profile whole = FourSeconds();
  std::map<std::string, int64_t> sum;
  int64_t ticks = 0;
  for (int64_t ms = 0; ms < 4000; ms += 333) {
    const Profile part = Select(whole, Between(ms, ms + 333)).profile;
    ticks += part.quality.ticks;
    for (const auto& [name, count] : Own(part)) sum[name] += count;
  }
  EXPECT_EQ(sum, Own(whole));
  EXPECT_EQ(ticks, whole.quality.ticks);
}

TEST(Select, WhatHasNoTimeIsLeftOutOfASpanAndThatIsSaid) {
  Profile profile = FourSeconds();
  profile.samples[1].count += 37;
  profile.times_end_ns = 4000 * kMs;
  const Selected selected = Select(profile, Between(0, 5000));
  EXPECT_THAT(Own(selected.profile), Contains(Pair("Sleep", 301)));
  EXPECT_EQ(selected.note,
            "37 samples without a time are left out: there was room for the "
            "times of 4s");
  EXPECT_THAT(Facts(selected.profile),
              Contains(Pair("part", "until 5s; " + selected.note)));
}

TEST(Select, MoreThanWasCountedIsNotBelieved) {
  Profile profile = FourSeconds();
  profile.samples[0].count = 90;
  EXPECT_THAT(Own(Select(profile, Between(0, 1000)).profile),
              ElementsAre(Pair("Work", 90)));
}

TEST(Select, ThreadsGoByNameOrId) {
  Selection selection;
  selection.threads = {*NamePattern::Parse("work.*")};
  const Profile part = Select(FourSeconds(), selection).profile;
  EXPECT_THAT(Own(part), ElementsAre(Pair("Help", 99)));
  ASSERT_EQ(part.threads.size(), 1u);
  EXPECT_EQ(part.threads[0].name, "worker");
  EXPECT_EQ(part.lanes.size(), 1u);
  EXPECT_EQ(part.quality.samples, 99);
  EXPECT_EQ(part.quality.ticks, 402);  // by itself it has the share it had
  EXPECT_EQ(part.quality.failed, 10);  // a fifth of the samples
  selection.threads = {*NamePattern::Parse("7"), *NamePattern::Parse("worker")};
  EXPECT_EQ(Select(FourSeconds(), selection).profile.quality.samples, 501);
}

TEST(Select, GreenThreadsGoByNameOrId) {
  for (const char* const asked : {"client", "3"}) {
    Selection selection;
    selection.greens = {*NamePattern::Parse(asked)};
    const Profile part = Select(ProfileOfAllKinds(), selection).profile;
    EXPECT_EQ(part.quality.samples, 36);
    EXPECT_EQ(part.green_threads.size(), 1u);
  }
}

TEST(Select, StatesGoByTheirNames) {
  const auto samples = [](const Profile& profile, std::string state) {
    Selection selection;
    selection.states = {std::move(state)};
    return Select(profile, selection).profile.quality.samples;
  };
  EXPECT_EQ(samples(FourSeconds(), "sleeping"), 301);
  EXPECT_EQ(samples(FourSeconds(), "nanosleep"), 301);
  EXPECT_EQ(samples(FourSeconds(), "running"), 200);
  EXPECT_EQ(samples(ProfileOfAllKinds(), "waiting"), 30);
  EXPECT_EQ(samples(ProfileOfAllKinds(), "waiting: fd"), 30);
  EXPECT_EQ(samples(ProfileOfAllKinds(), "waiting: timer"), 0);
}

TEST(Select, FocusKeepsWholeStacks) {
  Selection selection;
  selection.focus = *Pattern::Parse("^Help$");
  const Profile part = Select(FourSeconds(), selection).profile;
  EXPECT_EQ(RenderRaw(part, {}), "main;Work;Help 99\n");
}

TEST(Select, HideTakesFramesOutAndKeepsTheirTime) {
  Selection selection;
  selection.hide = *Pattern::Parse("Help|Sleep");
  const Profile part = Select(FourSeconds(), selection).profile;
  EXPECT_EQ(RenderRaw(part, {.include_idle = true}),
            "main 301\nmain;Work 200\n");
  EXPECT_EQ(part.samples.size(), 3u);  // two threads
  selection.hide = *Pattern::Parse(".");
  EXPECT_EQ(RenderRaw(Select(FourSeconds(), selection).profile, {}),
            "[hidden] 200\n");
}

TEST(Select, AllThatIsAskedForHasToBeSo) {
  Selection selection = Between(0, 2500);
  selection.threads = {*NamePattern::Parse("worker")};
  selection.focus = *Pattern::Parse("Work");
  const Profile part = Select(FourSeconds(), selection).profile;
  EXPECT_THAT(Own(part), ElementsAre(Pair("Help", 50)));
  EXPECT_EQ(part.part, "until 2.5s, thread worker, stacks with Work");
}

TEST(Select, HubsAreThoseOfTheThreadsAndTheSpan) {
  Profile profile = FourSeconds();
  profile.hubs = {{.tid = 7, .points = {{.at_ns = 0}, {.at_ns = 2000 * kMs}}}};
  profile.long_turns = {
      {.tid = 7, .begin_ns = -5, .end_ns = 100 * kMs},
      {.tid = 7, .begin_ns = 900 * kMs, .end_ns = 1100 * kMs}};
  Selection selection = Between(1000, 3000);
  const Profile part = Select(profile, selection).profile;
  ASSERT_EQ(part.hubs[0].points.size(), 1u);
  EXPECT_EQ(part.hubs[0].points[0].at_ns, 1000 * kMs);
  ASSERT_EQ(part.long_turns.size(), 1u);
  EXPECT_EQ(part.long_turns[0].begin_ns, -100 * kMs);
  selection.threads = {*NamePattern::Parse("worker")};
  EXPECT_THAT(Select(profile, selection).profile.hubs, IsEmpty());
}

TEST(CheckSelection, SaysWhatThereIsInstead) {
  const Profile profile = FourSeconds();
  const auto complaint = [&](const Selection& selection) {
    return std::string(CheckSelection(profile, selection).message());
  };
  Selection selection;
  EXPECT_EQ(complaint(selection), "");
  selection.threads = {*NamePattern::Parse("hup")};
  EXPECT_EQ(complaint(selection), "no thread hup: there are hub, worker");
  selection = {};
  selection.greens = {*NamePattern::Parse("x")};
  EXPECT_EQ(complaint(selection), "no green thread x: the recording has none");
  selection = {};
  selection.states = {"asleep"};
  EXPECT_EQ(complaint(selection),
            "no sample is in state asleep: there are nanosleep, running, "
            "sleeping, sleeping: nanosleep");
  Profile without_times = profile;
  without_times.lanes.clear();
  EXPECT_THAT(
      std::string(CheckSelection(without_times, Between(0, 1)).message()),
      HasSubstr("has no times"));
}

}  // namespace
}  // namespace hubspy
