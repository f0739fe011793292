// How a dump speaks of green threads, and which it shows as one.
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "support/time_units.h"
#include "view/dump.h"

namespace hubspy {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

Dump::GreenThread Waiting(uint64_t id, WaitReason reason,
                          uint64_t waits_on = 0) {
  return {.view = {.hub_tid = 7,
                   .id = id,
                   .state = GreenState::kWaiting,
                   .waiting_for = reason,
                   .waits_on = waits_on,
                   .switches = 1},
          .stack = 0};
}

Dump DumpOf(std::vector<Dump::GreenThread> greens) {
  return {
      .pid = 7,
      .command = "./x",
      .green_threads = std::move(greens),
      .stacks = {{.frames = {{.function = "Wait"}}},
                 {.frames = {{.function = "Other"}}}},
      .spawn_sites = {{.function = "main", .file = "/src/x.cc", .line = 5}}};
}

std::string TextOf(std::vector<Dump::GreenThread> greens, bool all = false) {
  return RenderDumpText(DumpOf(std::move(greens)), {.all = all});
}

TEST(DumpOfGreenThreads, SaysForHowLongAndUntilWhen) {
  Dump::GreenThread green = Waiting(1, WaitReason::kTimer);
  green.since_run_ns = 3 * kSecond;
  green.due_in_ns = 2 * kSecond;
  EXPECT_THAT(TextOf({green}),
              HasSubstr("(waiting for its timer, for 3.0 s, due in 2.0 s)"));
  green.due_in_ns = -kSecond;
  EXPECT_THAT(TextOf({green}), HasSubstr(", for 3.0 s, overdue by 1.0 s)"));
}

TEST(DumpOfGreenThreads, OneThatIsReadyHasNotWaitedSinceItRan) {
  Dump::GreenThread green = Waiting(1, WaitReason::kTimer);
  green.view.state = GreenState::kReady;
  green.since_run_ns = 3 * kSecond;
  EXPECT_THAT(TextOf({green}), HasSubstr("(ready, last ran 3.0 s ago)"));
  green.view.switches = 0;
  EXPECT_THAT(TextOf({green}), HasSubstr("(ready, not begun, for 3.0 s)"));
}

TEST(DumpOfGreenThreads, NamesWhoIsNeeded) {
  Dump::GreenThread named = Waiting(1, WaitReason::kTimer);
  named.view.name = "foo";
  Dump::GreenThread locker = Waiting(4, WaitReason::kMutex, 0x100);
  locker.view.mutex_holder = 1;
  const std::string text = TextOf({named, Waiting(2, WaitReason::kJoin, 1),
                                   Waiting(3, WaitReason::kJoin, 99), locker},
                                  /*all=*/true);
  EXPECT_THAT(text, HasSubstr("waiting for the end of green thread 1 (foo))"));
  EXPECT_THAT(text, HasSubstr("the end of green thread 99, which has ended)"));
  EXPECT_THAT(text, HasSubstr("mutex 0x100, held by green thread 1 (foo))"));
}

TEST(DumpOfGreenThreads, SaysWhatAnFdIs) {
  Dump::GreenThread green = Waiting(1, WaitReason::kFd, 2);
  green.view.fd = 5;
  Dump dump = DumpOf({green});
  dump.fds[5] = {.fd = 5, .is_open = true, .what = "pipe"};
  EXPECT_THAT(
      RenderDumpText(dump, {}),
      HasSubstr("(waiting for fd 5 to write) of hub 7\n  fd 5: pipe\n"));
  dump.fds[5].is_open = false;
  EXPECT_THAT(RenderDumpText(dump, {}), HasSubstr("\n  fd 5: not open\n"));
  const json parsed = json::parse(RenderDumpJson(dump, {}));
  EXPECT_EQ(parsed["green_threads"][0]["to"], "write");
  EXPECT_EQ(parsed["green_threads"][0]["fd"]["what"], "pipe");
}

TEST(DumpOfGreenThreads, SaysWhereOneWasSpawnedAndByWhom) {
  Dump::GreenThread green = Waiting(1, WaitReason::kTimer);
  green.spawned_at = 0;
  EXPECT_THAT(TextOf({green}),
              HasSubstr("    Wait\n  spawned in main (x.cc:5) by the thread's "
                        "own code\n"));
  green.view.parent = 9;
  EXPECT_THAT(TextOf({green}), HasSubstr("by green thread 9, which has ended"));
}

TEST(DumpOfGreenThreads, EqualStacksAreShownOnce) {
  std::vector<Dump::GreenThread> greens;
  for (uint64_t id = 1; id <= 1000; ++id) {
    greens.push_back(
        Waiting(id, WaitReason::kQueue, id < 1000 ? 0x100 : 0x200));
    greens.back().since_run_ns = static_cast<int64_t>(id) * kSecond / 100;
    greens.back().view.name = id % 2 == 0 ? "even" : "odd";
  }
  EXPECT_EQ(TextOf(greens), R"(Process 7: ./x
1,000 green threads: 1,000 waiting

1,000 green threads (waiting for one of 2 queues, for 10.0 ms to 10.0 s): "even" and "odd" of hub 7
  ids 1, 2, 3, 4, 5, 6, 7, 8 and 992 more
  queue 0x100 (999), queue 0x200 (1)
    Wait
)");
  const std::string all = TextOf(greens, /*all=*/true);
  EXPECT_THAT(all, HasSubstr("\nGreen thread 1000 (waiting for queue 0x200"));
  EXPECT_THAT(all, HasSubstr("\n  999 wait for it"));
}

TEST(DumpOfGreenThreads, WhatDiffersIsNotShownAsOne) {
  const Dump::GreenThread green = Waiting(1, WaitReason::kTimer);
  Dump::GreenThread elsewhere = Waiting(2, WaitReason::kTimer);
  elsewhere.stack = 1;
  Dump::GreenThread for_other = Waiting(3, WaitReason::kEvent);
  Dump::GreenThread ready = Waiting(4, WaitReason::kTimer);
  ready.view.state = GreenState::kReady;
  Dump::GreenThread by_other = Waiting(5, WaitReason::kTimer);
  by_other.spawned_at = 0;
  const std::string text =
      TextOf({green, elsewhere, for_other, ready, by_other});
  for (int id = 1; id <= 5; ++id) {
    EXPECT_THAT(text, HasSubstr(absl::StrCat("\nGreen thread ", id, " (")));
  }
}

TEST(DumpOfGreenThreads, TimesOfManyAreAddedUp) {
  Dump::GreenThread green = Waiting(1, WaitReason::kTimer);
  green.times = GreenTimes{.busy_ns = kSecond, .waiting_ns = 3 * kSecond};
  Dump dump = DumpOf({green});
  dump.watched_ns = 4 * kSecond;
  EXPECT_THAT(RenderDumpText(dump, {}),
              HasSubstr("  in 4.0 s: busy 1.0 s, ready 0 us, waiting 3.0 s\n"));
  dump.green_threads.push_back(green);
  dump.green_threads.back().view.id = 2;
  EXPECT_THAT(
      RenderDumpText(dump, {}),
      HasSubstr(
          "in 4.0 s, all together: busy 2.0 s, ready 0 us, waiting 6.0 s"));
  const json parsed = json::parse(RenderDumpJson(dump, {}));
  EXPECT_EQ(parsed["watched_seconds"], 4);
  EXPECT_EQ(parsed["green_threads"][0]["busy_seconds"], 1);
}

TEST(DumpOfGreenThreads, OneThatRunsIsOnItsThreadsStack) {
  Dump::GreenThread green = Waiting(1, WaitReason::kNone);
  green.view.state = GreenState::kRunning;
  green.stack.reset();
  EXPECT_THAT(TextOf({green}), HasSubstr("    it ran: see thread 7\n"));
  const auto shown = [&](DumpView view) {
    return json::parse(
        RenderDumpJson(DumpOf({green}), view))["green_threads"][0];
  };
  EXPECT_EQ(shown({})["frames"], json::array());
  EXPECT_FALSE(shown({.distinct = true}).contains("stack"));
  EXPECT_FALSE(shown({.distinct = true}).contains("frames"));
}

TEST(DumpOfAWrongClock, SaysSo) {
  Dump dump = DumpOf({});
  dump.hubs = {{.tid = 7, .clock_rate = 0.5}, {.tid = 8}};
  const std::string text = RenderDumpText(dump, {});
  EXPECT_THAT(text, HasSubstr("Note: the clock of hub 7 goes wrong"));
  EXPECT_THAT(text, Not(HasSubstr("hub 8 goes")));
}

TEST(DumpOfThreads, EqualStacksAreShownOnce) {
  Dump dump{.pid = 7, .command = "./x"};
  for (int32_t tid = 10; tid < 13; ++tid) {
    dump.threads.push_back(
        {.tid = tid,
         .name = "worker",
         .state = ThreadState::kSleeping,
         .call = CallFacts{.name = "futex", .text = "futex(0x1)"},
         .stack = {.frames = {{.function = "Work", .address = Address(9)}}}});
  }
  dump.threads[2].stack.frames[0].address = Address(10);
  EXPECT_EQ(RenderDumpText(dump, {}), R"(Process 7: ./x

2 threads (sleeping in futex): "worker"
  ids 10 and 11
    Work

Thread 12 (sleeping in futex(0x1)): "worker"
    Work
)");
  EXPECT_THAT(RenderDumpText(dump, {.all = true}),
              HasSubstr("Thread 10 (sleeping in futex(0x1)): \"worker\"\n"));
}

}  // namespace
}  // namespace hubspy
