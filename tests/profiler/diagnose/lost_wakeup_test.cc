#include "diagnose/diagnose.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "profiler/diagnose/watches.h"

namespace hubspy {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

FdFacts Pipe(bool readable) {
  return {.fd = 6,
          .is_open = true,
          .what = "pipe",
          .readable = readable,
          .writable = false,
          .unread = readable ? 3 : 0};
}

// A green thread waits to read a pipe in which there is something.
HubWatch LostFdWatch() {
  HubWatch watch = IdleWatch();
  watch.end.iterations = watch.begin.iterations;
  watch.green_threads = {{.id = 5,
                          .name = "reader",
                          .state = GreenState::kWaiting,
                          .waiting_for = WaitReason::kFd,
                          .fd = 6,
                          .waits_on = 1}};
  watch.fd_waits = {{.green_thread = 5,
                     .direction = FdDirection::kRead,
                     .at_begin = Pipe(true),
                     .at_end = Pipe(true)}};
  return watch;
}

TEST(LostWakeup, AnFdThatWasReadyAllTheTimeIsOne) {
  HubWatch watch = LostFdWatch();
  const Verdict verdict = Diagnose(watch);
  ASSERT_EQ(verdict.kind, VerdictKind::kLostWakeup) << verdict.summary;
  EXPECT_EQ(verdict.lost->what, LostWhat::kFdReady);
  EXPECT_EQ(verdict.lost->green_thread->id, 5u);
  EXPECT_EQ(verdict.lost->is_polled, std::nullopt);
  EXPECT_THAT(verdict.summary,
              AllOf(HasSubstr("Green thread 5 (reader) waits to read fd 6"),
                    HasSubstr("3 bytes are there")));
  watch.polled_fds = std::vector<int32_t>{4, 9};
  EXPECT_EQ(Diagnose(watch).lost->is_polled, false);
  watch.polled_fds->at(0) = 6;
  EXPECT_EQ(Diagnose(watch).lost->is_polled, true);
}

TEST(LostWakeup, AnFdThatIsClosedIsOne) {
  HubWatch watch = LostFdWatch();
  watch.fd_waits[0].at_begin = watch.fd_waits[0].at_end = FdFacts{.fd = 6};
  EXPECT_EQ(Diagnose(watch).lost->what, LostWhat::kFdClosed);
  // It was not yet when we came: nobody has had the time to say so.
  watch.fd_waits[0].at_begin = Pipe(false);
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kHealthy);
}

TEST(LostWakeup, WhatJustHappenedIsNotLost) {
  HubWatch watch = LostFdWatch();
  watch.fd_waits[0].at_begin = Pipe(false);
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kHealthy);
  // Ready, but not in the way that is waited for.
  watch = LostFdWatch();
  watch.fd_waits[0].direction = FdDirection::kWrite;
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kHealthy);
  watch = LostFdWatch();
  watch.fd_waits[0].direction = FdDirection::kUnknown;
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kHealthy);
  // Whether it is ready cannot be asked.
  watch = LostFdWatch();
  watch.fd_waits[0].at_end.readable.reset();
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kHealthy);
  // It did not wait all the time.
  watch = LostFdWatch();
  watch.fd_waits.clear();
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kHealthy);
}

// The hub went to sleep with nothing to wait for, and now there is a timer.
HubWatch LostTimerWatch() {
  HubWatch watch = IdleWatch();
  watch.end.iterations = watch.begin.iterations;
  watch.end.timers = 1;
  watch.end.poll_entered_real_ns = watch.end.last.witness_real_ns - kSecond;
  watch.end_real_ns = watch.end.last.witness_real_ns + 3 * kSecond;
  return watch;
}

TEST(LostWakeup, ATimerThatThePollerWasNotToldOfIsOne) {
  const Verdict verdict = Diagnose(LostTimerWatch());
  ASSERT_EQ(verdict.kind, VerdictKind::kLostWakeup) << verdict.summary;
  EXPECT_EQ(verdict.lost->what, LostWhat::kTimer);
  EXPECT_EQ(verdict.lost->since_ns, 3 * kSecond);
  EXPECT_THAT(verdict.summary, HasSubstr("A timer was added 3.0 s ago"));
  EXPECT_THAT(verdict.remedy, HasSubstr("RemoteHub"));
}

TEST(LostWakeup, ATimerThatTheHubItselfAddedIsNot) {
  HubWatch watch = LostTimerWatch();
  watch.end.poll_until_ns = watch.end.last.now_ns + kSecond;
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kHealthy);
  // One that never comes due: the hub read its clock last when it began to
  // wait.
  watch = LostTimerWatch();
  watch.end.poll_entered_real_ns = watch.end.last.witness_real_ns;
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kHealthy);
  watch = LostTimerWatch();
  watch.end.timers = 0;
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kHealthy);
  watch = LostTimerWatch();
  watch.end_real_ns = watch.end.last.witness_real_ns + kSecond / 10;
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kHealthy);
  watch = LostTimerWatch();
  ++watch.end.iterations;
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kHealthy);
  watch = LostTimerWatch();
  watch.one_instant = true;
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kHealthy);
}

// A green thread waits for a queue in which there are two items.
HubWatch LostItemWatch() {
  HubWatch watch = IdleWatch();
  watch.green_threads = {{.id = 3, .state = GreenState::kReady},
                         {.id = 5,
                          .name = "worker",
                          .state = GreenState::kWaiting,
                          .waiting_for = WaitReason::kQueue,
                          .waits_on = 0x7000,
                          .available = 2,
                          .switches = 9}};
  watch.green_threads_at_begin = watch.green_threads;
  return watch;
}

TEST(LostWakeup, AnItemThatWasThereAllTheTimeIsOne) {
  const Verdict verdict = Diagnose(LostItemWatch());
  ASSERT_EQ(verdict.kind, VerdictKind::kLostWakeup) << verdict.summary;
  EXPECT_EQ(verdict.lost->what, LostWhat::kObject);
  EXPECT_EQ(verdict.lost->green_thread->id, 5u);
  EXPECT_THAT(verdict.summary,
              AllOf(HasSubstr("Green thread 5 (worker) waits for queue 0x7000"),
                    HasSubstr("is there (2)")));
  EXPECT_THAT(verdict.remedy, HasSubstr("RemoteHub"));
}

TEST(LostWakeup, WhatIsThereIsSaidOfEachKind) {
  const auto says = [](WaitReason reason) {
    HubWatch watch = LostItemWatch();
    watch.green_threads[1].waiting_for = reason;
    watch.green_threads_at_begin = watch.green_threads;
    return Diagnose(watch).summary;
  };
  EXPECT_THAT(says(WaitReason::kEvent), HasSubstr("something was sent to it"));
  EXPECT_THAT(says(WaitReason::kSemaphore), HasSubstr("its count is 2"));
  EXPECT_THAT(says(WaitReason::kResource), HasSubstr("free in it: 2"));
}

TEST(LostWakeup, TheThreadsOwnCodeMayWaitForIt) {
  HubWatch watch = LostItemWatch();
  watch.own_code = watch.green_threads[1];
  watch.own_code->id = 0;
  watch.own_code_at_begin = watch.own_code;
  watch.green_threads.clear();
  watch.end.iterations = watch.begin.iterations;
  EXPECT_EQ(Diagnose(watch).lost->green_thread->id, 0u);
  // It is not counted when it is switched to: it may have waited twice.
  ++watch.end.iterations;
  EXPECT_NE(Diagnose(watch).kind, VerdictKind::kLostWakeup);
}

TEST(LostWakeup, AnItemOfTheMomentIsNot) {
  const auto is_healthy = [](auto change) {
    HubWatch watch = LostItemWatch();
    change(watch.green_threads_at_begin[1], watch.green_threads[1]);
    return Diagnose(watch).kind == VerdictKind::kHealthy;
  };
  using View = GreenThreadView;
  EXPECT_TRUE(is_healthy([](View& was, View&) { was.available = 0; }));
  EXPECT_TRUE(is_healthy([](View& was, View&) { was.available.reset(); }));
  EXPECT_TRUE(is_healthy([](View&, View& is) { is.available = -1; }));
  EXPECT_TRUE(is_healthy([](View&, View& is) { is.available.reset(); }));
  EXPECT_TRUE(is_healthy([](View&, View& is) { ++is.switches; }));
  EXPECT_TRUE(is_healthy([](View&, View& is) { is.waits_on = 0x8000; }));
  EXPECT_TRUE(
      is_healthy([](View&, View& is) { is.waiting_for = WaitReason::kEvent; }));
  // Notified, and has yet to run.
  EXPECT_TRUE(
      is_healthy([](View&, View& is) { is.state = GreenState::kReady; }));
  EXPECT_TRUE(
      is_healthy([](View& was, View&) { was.state = GreenState::kReady; }));
  EXPECT_TRUE(is_healthy([](View& was, View&) { was.id = 4; }));
  EXPECT_TRUE(is_healthy([](View&, View& is) { is.id = 6; }));
}

}  // namespace
}  // namespace hubspy
