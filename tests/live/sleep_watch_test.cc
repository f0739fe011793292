// Threads that sleep on, known without a system call.
#include "target/linux/sleep_watch.h"

#include <sys/syscall.h>

#include <cerrno>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "live/blocking_call.h"
#include "support/child.h"
#include "support/forbid_system_call.h"
#include "target/process.h"

namespace hubspy {
namespace {

// Answers each line with one, and sleeps in between.
Child ForkAnswering() {
  return Child::Fork([](ChildPipes& parent) {
    for (;;) {
      parent.ReadLine();
      parent.WriteLine("awake");
    }
    return 0;
  });
}

const SleepToken kToken{.times_run = 7};

TEST(SleepWatch, KnowsNothingThatWasNotConfirmed) {
  const Child child = ForkAnswering();
  SleepWatch watch;
  EXPECT_FALSE(watch.StillIn(child.pid(), kToken));
  watch.BeforeLook(child.pid());
  EXPECT_FALSE(watch.StillIn(child.pid(), kToken));
}

TEST(SleepWatch, KnowsASleepUntilTheThreadRuns) {
  Child child = ForkAnswering();
  SleepWatch watch;
  for (int i = 0; i < 1000; ++i) {
    AwaitSystemCall(child.pid(), SYS_read);
    const SleepWatch::Mark mark = watch.BeforeLook(child.pid());
    if (!mark) GTEST_SKIP() << "perf events are not to be had here";
    watch.Confirm(child.pid(), kToken, mark);
    ASSERT_TRUE(watch.StillIn(child.pid(), kToken));
    ASSERT_FALSE(watch.StillIn(child.pid(), {.times_run = 8}));
    child.WriteLine("wake up");
    ASSERT_EQ(child.ReadLine(), "awake");
    ASSERT_FALSE(watch.StillIn(child.pid(), kToken));
  }
}

// It ran between the mark and the look that it was read for.
TEST(SleepWatch, AMarkFromBeforeTheThreadRanConfirmsNothing) {
  Child child = ForkAnswering();
  SleepWatch watch;
  AwaitSystemCall(child.pid(), SYS_read);
  const SleepWatch::Mark mark = watch.BeforeLook(child.pid());
  if (!mark) GTEST_SKIP() << "perf events are not to be had here";
  child.WriteLine("wake up");
  ASSERT_EQ(child.ReadLine(), "awake");
  watch.Confirm(child.pid(), kToken, mark);
  EXPECT_FALSE(watch.StillIn(child.pid(), kToken));
}

TEST(SleepWatch, ForgetsThreadsThatAreGone) {
  const Child child = ForkAnswering();
  AwaitSystemCall(child.pid(), SYS_read);
  SleepWatch watch;
  watch.Confirm(child.pid(), kToken, watch.BeforeLook(child.pid()));
  watch.KeepOnly({});
  EXPECT_FALSE(watch.StillIn(child.pid(), kToken));
}

// What a look at a sleeping thread costs, from its third on: reading /proc is
// forbidden by then.
TEST(SleepWatch, SparesTheLookAtAThreadThatSleepsOn) {
  const Child sleeper = ForkAnswering();
  AwaitSystemCall(sleeper.pid(), SYS_read);
  Child looking = Child::Fork([&](ChildPipes& parent) {
    const auto process = Process::Open(sleeper.pid(), {.rate_hz = 100});
    const auto first = (*process)->Capture({.tid = sleeper.pid()});
    const CaptureRequest again{.tid = sleeper.pid(),
                               .known_sleep = (*first)->sleep};
    const auto second = (*process)->Capture(again);
    ForbidSystemCall(SYS_pread64, EPERM);
    const auto third = (*process)->Capture(again);
    SleepWatch watch;
    const bool possible = watch.BeforeLook(sleeper.pid()).has_value();
    parent.WriteLine(!possible ? "no perf events"
                     : second.ok() && !second->has_value() && third.ok() &&
                             !third->has_value()
                         ? "slept on"
                         : third.status().ToString());
    return 0;
  });
  const std::string answer = looking.ReadLine();
  if (answer == "no perf events") GTEST_SKIP() << answer;
  EXPECT_EQ(answer, "slept on");
}

}  // namespace
}  // namespace hubspy
