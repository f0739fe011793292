#include <cstdint>
#include <optional>
#include <vector>

#include "diagnose/diagnose.h"
#include "diagnose/wait_graph.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "profiler/diagnose/watches.h"

namespace hubspy {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

GreenThreadView WaitsForMutex(uint64_t id, uint64_t holder) {
  return {.id = id,
          .state = GreenState::kWaiting,
          .waiting_for = WaitReason::kMutex,
          .waits_on = 0x7000 + holder,
          .mutex_holder = holder,
          .switches = 3};
}

GreenThreadView WaitsForEnd(uint64_t id, uint64_t of) {
  return {.id = id,
          .state = GreenState::kWaiting,
          .waiting_for = WaitReason::kJoin,
          .waits_on = of,
          .switches = 3};
}

GreenThreadView WaitsForEvent(uint64_t id) {
  return {.id = id,
          .state = GreenState::kWaiting,
          .waiting_for = WaitReason::kEvent,
          .waits_on = 0xe000,
          .switches = 3};
}

// All of these waited all the time.
HubWatch WaitingWatch(std::vector<GreenThreadView> green_threads) {
  HubWatch watch = IdleWatch();
  watch.green_threads_at_begin = green_threads;
  watch.green_threads = std::move(green_threads);
  return watch;
}

TEST(Deadlock, ACircleOfMutexesIsNamedFromItsLowestId) {
  HubWatch watch =
      WaitingWatch({WaitsForMutex(2, 3), WaitsForMutex(3, 2),
                    WaitsForMutex(4, 2), WaitsForEnd(5, 4), WaitsForEvent(6)});
  watch.green_threads[0].name = "left";
  const Verdict verdict = Diagnose(watch);
  ASSERT_EQ(verdict.kind, VerdictKind::kDeadlock);
  ASSERT_EQ(verdict.deadlock->cycle.size(), 2u);
  EXPECT_EQ(verdict.deadlock->cycle[0].waiter.id, 2u);
  EXPECT_EQ(verdict.deadlock->cycle[0].needs, 3u);
  EXPECT_EQ(verdict.deadlock->cycle[1].waiter.id, 3u);
  EXPECT_EQ(verdict.deadlock->others, 2u);  // 4, and 5 behind it
  EXPECT_THAT(
      verdict.summary,
      AllOf(HasSubstr("Green thread 2 (left) waits for mutex 0x7003, held by "
                      "green thread 3, which waits for mutex 0x7002, held by "
                      "green thread 2 (left): a circle"),
            HasSubstr("2 others wait for one of them")));
  EXPECT_THAT(verdict.remedy, HasSubstr("same order"));
}

TEST(Deadlock, WaitsForEachOthersEndAndTheThreadsOwnCodeMakeCirclesToo) {
  HubWatch watch = WaitingWatch({WaitsForMutex(7, 0)});
  watch.own_code = watch.own_code_at_begin = WaitsForEnd(0, 7);
  const Verdict verdict = Diagnose(watch);
  ASSERT_EQ(verdict.kind, VerdictKind::kDeadlock);
  EXPECT_THAT(verdict.summary,
              HasSubstr("The thread's own code waits for the end of green "
                        "thread 7"));
  // It had just begun to wait: then it may have been another wait before.
  watch.own_code_at_begin->state = GreenState::kRunning;
  EXPECT_EQ(FindWaitCycle(watch), std::nullopt);
}

TEST(Deadlock, OneThatRanMeanwhileIsInNoCircle) {
  HubWatch watch = WaitingWatch({WaitsForMutex(2, 3), WaitsForMutex(3, 2)});
  ++watch.green_threads[0].switches;
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kHealthy);
  watch = WaitingWatch({WaitsForMutex(2, 3), WaitsForMutex(3, 2)});
  watch.green_threads_at_begin.pop_back();
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kHealthy);
}

TEST(Deadlock, AWaitWithALimitBreaksTheCircle) {
  HubWatch watch = WaitingWatch({WaitsForMutex(2, 3), WaitsForMutex(3, 2)});
  watch.green_threads[1].deadline_ns = watch.end.last.now_ns + kSecond;
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kHealthy);
}

TEST(Deadlock, TimersThatMayBeTimeoutsAreMentioned) {
  HubWatch watch = WaitingWatch({WaitsForMutex(2, 3), WaitsForMutex(3, 2)});
  EXPECT_THAT(Diagnose(watch).summary, Not(HasSubstr("Timeout")));
  watch.end.timers = 1;
  EXPECT_THAT(Diagnose(watch).summary, HasSubstr("green::Timeout"));
}

TEST(Deadlock, ACircleIsOneWhileOthersGoOn) {
  HubWatch watch = WaitingWatch({WaitsForMutex(2, 3), WaitsForMutex(3, 2)});
  watch.end.switches += 1000;
  watch.end.iterations += 1000;
  watch.end.timers = 5;
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kDeadlock);
}

HubWatch AllWait() {
  HubWatch watch = WaitingWatch({WaitsForEvent(2), WaitsForEvent(3)});
  watch.own_code = watch.own_code_at_begin = WaitsForEnd(0, 2);
  return watch;
}

TEST(Deadlock, AllThatWaitForEachOtherAreDead) {
  const Verdict verdict = Diagnose(AllWait());
  ASSERT_EQ(verdict.kind, VerdictKind::kDeadlock) << verdict.summary;
  EXPECT_TRUE(verdict.deadlock->cycle.empty());
  EXPECT_EQ(verdict.deadlock->waiting.size(), 3u);
  EXPECT_THAT(verdict.summary,
              AllOf(HasSubstr("nothing can wake them"),
                    HasSubstr("green thread 2 for event 0xe000"),
                    HasSubstr("the thread's own code for the end of green "
                              "thread 2")));
}

// Each of these is how a healthy program may look.
TEST(Deadlock, WhateverCouldStillWakeOneIsHeeded) {
  const auto verdict_after = [](auto change) {
    HubWatch watch = AllWait();
    change(watch);
    return Diagnose(watch).kind;
  };
  const auto kHealthy = VerdictKind::kHealthy;
  EXPECT_EQ(verdict_after([](HubWatch& w) { w.end.timers = 1; }), kHealthy);
  EXPECT_EQ(verdict_after([](HubWatch& w) { w.end.ready = 1; }), kHealthy);
  EXPECT_EQ(verdict_after([](HubWatch& w) { ++w.end.switches; }), kHealthy);
  EXPECT_EQ(verdict_after([](HubWatch& w) { w.signals_handled = 1 << 14; }),
            kHealthy);
  EXPECT_EQ(
      verdict_after([](HubWatch& w) { w.signals_handled = std::nullopt; }),
      kHealthy);
  EXPECT_EQ(verdict_after(
                [](HubWatch& w) { w.own_code->state = GreenState::kRunning; }),
            kHealthy);
  EXPECT_EQ(verdict_after([](HubWatch& w) { w.own_code = std::nullopt; }),
            kHealthy);
  for (const WaitReason outside : {WaitReason::kFd, WaitReason::kOffload,
                                   WaitReason::kOther, WaitReason::kTimer}) {
    EXPECT_EQ(verdict_after([&](HubWatch& w) {
                w.green_threads[1].waiting_for = outside;
              }),
              kHealthy);
  }
}

TEST(Deadlock, AnotherThreadCountsOnlyIfItCanReachTheHub) {
  HubWatch watch = AllWait();
  watch.process_threads = 9;
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kDeadlock);
  watch.end.open_to_other_threads = true;
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kHealthy);
  watch.process_threads = 1;
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kDeadlock);
  watch.process_threads = 9;
  watch.end.open_to_other_threads = std::nullopt;  // an older runtime
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kHealthy);
}

// Takes hours when each green thread's path is followed to its end.
TEST(Deadlock, AHundredThousandInOneLineAreFollowedOnce) {
  constexpr uint64_t kMany = 100'000;
  std::vector<GreenThreadView> line;
  for (uint64_t id = 1; id < kMany; ++id) {
    line.push_back(WaitsForEnd(id, id + 1));
  }
  line.push_back(WaitsForEnd(kMany, kMany - 1));
  const Verdict verdict = Diagnose(WaitingWatch(line));
  ASSERT_EQ(verdict.kind, VerdictKind::kDeadlock);
  EXPECT_EQ(verdict.deadlock->cycle[0].waiter.id, kMany - 1);
  EXPECT_EQ(verdict.deadlock->others, kMany - 2);
}

TEST(Deadlock, HostileIdsEnd) {
  std::vector<GreenThreadView> hostile;
  for (uint64_t i = 0; i < 100'000; ++i) {
    hostile.push_back(i % 2 == 0
                          ? WaitsForMutex(i % 7, (i * 31) % 11)
                          : WaitsForEnd(UINT64_MAX - i % 5, i * 0x9e3779b9));
  }
  Diagnose(WaitingWatch(hostile));
  const Verdict itself = Diagnose(WaitingWatch({WaitsForMutex(4, 4)}));
  EXPECT_EQ(itself.kind, VerdictKind::kDeadlock);
  EXPECT_THAT(itself.summary, HasSubstr("which it holds itself"));
}

}  // namespace
}  // namespace hubspy
