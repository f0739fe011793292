#include <functional>

#include "diagnose/diagnose.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "profiler/diagnose/watches.h"

namespace hubspy {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// One green thread that gives way a million times a second, and nothing else.
HubWatch YieldingWatch() {
  HubWatch watch = IdleWatch();
  watch.begin.state = watch.end.state = HubState::kRunning;
  watch.schedule = ThreadSchedule{.run_ns = 2 * kSecond};
  watch.looks_running = watch.looks;
  watch.end.iterations = watch.begin.iterations + 30'000;
  watch.end.switches = watch.begin.switches + 2'000'000;
  watch.green_threads_at_begin = {{.id = 4, .name = "looker", .switches = 7}};
  watch.green_threads = {{.id = 4, .name = "looker", .switches = 2'000'007}};
  watch.busiest = BusiestLooks{.green_thread = 4, .looks = 50, .ready = 50};
  watch.samples = {{.stack = {{.function = "std::atomic<int>::load"},
                              {.function = "green::Yield"},
                              {.function = "Look"}},
                    .count = 90},
                   {.stack = {{.function = "Look"}}, .count = 10}};
  return watch;
}

TEST(BusyLoop, WhoGivesWayInsteadOfWaitingKeepsItAwake) {
  const Verdict verdict = Diagnose(YieldingWatch());
  ASSERT_EQ(verdict.kind, VerdictKind::kBusyLoop) << verdict.summary;
  EXPECT_EQ(verdict.busy->waker, Waker::kYields);
  EXPECT_EQ(verdict.busy->green_thread->id, 4u);
  EXPECT_DOUBLE_EQ(verdict.busy->switches_per_second, 1e6);
  EXPECT_EQ(verdict.stack.size(), 3u);
  EXPECT_THAT(verdict.summary,
              AllOf(HasSubstr("Green thread 4 (looker) gives way"),
                    HasSubstr("1.0 million times a second"),
                    HasSubstr("90 % went into switching")));
}

TEST(BusyLoop, TheBusiestIsWhoWasSwitchedToMostOrTheThreadsOwnCode) {
  HubWatch watch = YieldingWatch();
  watch.green_threads.push_back({.id = 9, .switches = 500});
  EXPECT_EQ(BusiestGreenThread(watch)->id, 4u);
  watch.end.iterations += 50'000'000;
  EXPECT_EQ(BusiestGreenThread(watch)->id, 0u);
  watch.own_code = std::nullopt;
  EXPECT_EQ(BusiestGreenThread(watch), std::nullopt);
}

TEST(BusyLoop, AnFdThatStaysReadyIsNamedWithWhatIsLeftInIt) {
  HubWatch watch = YieldingWatch();
  watch.busiest = BusiestLooks{
      .green_thread = 4,
      .looks = 50,
      .ready = 20,
      .on_fd = 30,
      .fd = FdFacts{.fd = 6, .is_open = true, .what = "pipe", .unread = 12},
      .direction = FdDirection::kRead,
      .fd_was_always_ready = true,
      .fd_stayed_as_it_was = true};
  const Verdict verdict = Diagnose(watch);
  ASSERT_EQ(verdict.kind, VerdictKind::kBusyLoop);
  EXPECT_EQ(verdict.busy->waker, Waker::kFd);
  EXPECT_THAT(verdict.summary,
              AllOf(HasSubstr("Fd 6, pipe, is ready to read and stays so"),
                    HasSubstr("(12 bytes) is left there")));
  watch.busiest->fd->hung_up = true;
  EXPECT_THAT(Diagnose(watch).summary, HasSubstr("other end is closed"));
  // A busy connection: now and then it has been read empty, or less is in it.
  watch.busiest->fd_stayed_as_it_was = false;
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kHealthy);
  watch.busiest->fd_stayed_as_it_was = true;
  watch.busiest->fd_was_always_ready = false;
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kHealthy);
}

TEST(BusyLoop, TimersThatAreDueAtOnceAreTold) {
  HubWatch watch = YieldingWatch();
  watch.busiest =
      BusiestLooks{.green_thread = 4, .looks = 50, .ready = 30, .on_timer = 20};
  watch.end.timers_fired = watch.begin.timers_fired + 30'000;
  EXPECT_EQ(Diagnose(watch).busy->waker, Waker::kTimer);
  // Callbacks: nothing else moves, while the thread's own code waits.
  watch.end.iterations += 5'000'000;
  watch.end.timers_fired += 5'000'000;
  watch.own_code->state = GreenState::kWaiting;
  watch.busiest = BusiestLooks{.green_thread = 0, .looks = 50};
  EXPECT_EQ(Diagnose(watch).busy->waker, Waker::kCallbacks);
}

TEST(BusyLoop, WhoDoesAnythingElseIsHealthy) {
  const auto verdict_after = [](const std::function<void(HubWatch&)>& change) {
    HubWatch watch = YieldingWatch();
    change(watch);
    return Diagnose(watch).kind;
  };
  const auto kHealthy = VerdictKind::kHealthy;
  // Most of the time is its own.
  EXPECT_EQ(verdict_after([](HubWatch& w) { w.samples[1].count = 200; }),
            kHealthy);
  // Where the time goes is not known, or hardly.
  EXPECT_EQ(verdict_after([](HubWatch& w) { w.samples.clear(); }), kHealthy);
  EXPECT_EQ(verdict_after([](HubWatch& w) {
              w.samples[0].count = 8;
              w.samples[1].count = 1;
            }),
            kHealthy);
  // It waits for others now and then.
  EXPECT_EQ(verdict_after([](HubWatch& w) { w.busiest->ready = 49; }),
            kHealthy);
  EXPECT_EQ(verdict_after([](HubWatch& w) { w.busiest->looks = 5; }), kHealthy);
  EXPECT_EQ(verdict_after([](HubWatch& w) { w.busiest.reset(); }), kHealthy);
}

TEST(BusyLoop, ALoopThatSleepsOrTurnsSeldomHasNoBusiest) {
  HubWatch watch = YieldingWatch();
  watch.schedule->run_ns = kSecond;
  EXPECT_EQ(BusiestGreenThread(watch), std::nullopt);
  watch = YieldingWatch();
  watch.schedule.reset();
  EXPECT_EQ(BusiestGreenThread(watch), std::nullopt);
  watch = YieldingWatch();
  watch.green_threads[0].switches = 1000;
  EXPECT_EQ(BusiestGreenThread(watch), std::nullopt);
  // Kept from the CPU by others, it still turned all the time.
  watch = YieldingWatch();
  watch.schedule = ThreadSchedule{.run_ns = kSecond, .wait_ns = kSecond};
  EXPECT_NE(BusiestGreenThread(watch), std::nullopt);
}

}  // namespace
}  // namespace hubspy
