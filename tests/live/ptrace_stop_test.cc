// One stop at its hardest: in the middle of a system call, with signals, death
// and deadlines around it. Capture avoids most of this by looking first; what
// it cannot avoid must still come out right.
#include "target/linux/ptrace_stop.h"

#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <optional>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "live/blocking_call.h"
#include "live/spinning.h"
#include "live/waiting_loop.h"
#include "support/child.h"
#include "support/sanitizers.h"
#include "support/shared.h"
#include "target/linux/tracer_thread.h"

namespace hubspy {
namespace {

constexpr absl::Duration kLimit = absl::Milliseconds(100);

// Stops `tid` once, does `meanwhile` in the stop, and returns what it saw. On a
// machine that is short of CPUs, the thread may not come to it at first.
absl::StatusOr<StoppedThread> StopOnce(
    TracerThread& tracer, ThreadId tid,
    absl::FunctionRef<void()> meanwhile = [] {}) {
  for (;;) {
    absl::StatusOr<StoppedThread> thread = absl::UnknownError("did not run");
    const absl::Status ran = tracer.Run(TracerThread::kAnyCpu, kLimit, [&] {
      PtraceStop stop(tid);
      thread = stop.Begin();
      if (thread.ok()) meanwhile();
      return stop.End();
    });
    if (!ran.ok()) return ran;
    // As long as the last act of one that came too late goes on, no other stop
    // can begin.
    if (!absl::IsDeadlineExceeded(thread.status()) &&
        !absl::IsPermissionDenied(thread.status())) {
      return thread;
    }
  }
}

absl::StatusOr<StoppedThread> StopOnce(
    ThreadId tid, absl::FunctionRef<void()> meanwhile = [] {}) {
  TracerThread tracer;
  return StopOnce(tracer, tid, meanwhile);
}

class InterruptedCall : public OnBlockingCall {};

TEST_P(InterruptedCall, IsMadeAgainUnseen) {
  const Shared<Turns> turns;
  const Child child = ForkBlocking(GetParam(), turns);
  for (int i = 0; i < 20; ++i) {
    const auto thread = StopOnce(child.pid());
    ASSERT_TRUE(thread.ok()) << thread.status();
    ASSERT_TRUE(thread->system_call.has_value());
    // Back in the call, without having left it.
    AwaitSystemCall(child.pid(), GetParam().number);
    ASSERT_EQ(turns->returned, 0);
  }
}

// Woken, and on its way to the stop, when nobody waits for that any more.
TEST_P(InterruptedCall, IsMadeAgainAfterAStopThatWasGivenUp) {
  const Shared<Turns> turns;
  const Child child = ForkBlocking(GetParam(), turns);
  TracerThread tracer;
  for (int given_up = 0; given_up < 20;) {
    absl::Status status;
    ASSERT_TRUE(tracer
                    .Run(TracerThread::kAnyCpu, absl::ZeroDuration(),
                         [&] {
                           PtraceStop stop(child.pid());
                           status = stop.Begin().status();
                           return stop.End();
                         })
                    .ok());
    given_up += absl::IsDeadlineExceeded(status);
  }
  ASSERT_TRUE(StopOnce(child.pid()).ok());
  AwaitSystemCall(child.pid(), GetParam().number);
  EXPECT_EQ(turns->returned, 0);
}

TEST_P(InterruptedCall, EndsWithEintrWhenASignalIsHandled) {
  if (kThreadSanitizer) GTEST_SKIP() << "TSan puts off signal handlers";
  const Shared<Turns> turns;
  const Child child = ForkBlocking(GetParam(), turns);
  const auto thread = StopOnce(child.pid(), [&] { child.Signal(SIGUSR1); });
  ASSERT_TRUE(thread.ok()) << thread.status();
  while (turns->returned == 0) sched_yield();
  EXPECT_EQ(turns->last_errno, EINTR);
  EXPECT_EQ(turns->handled_signals, 1);
}

TEST_P(InterruptedCall, DoesNotEndForASignalThatIsIgnored) {
  const Shared<Turns> turns;
  const Child child = ForkBlocking(GetParam(), turns);
  // A traced thread is woken even for what it ignores.
  const auto thread = StopOnce(child.pid(), [&] { child.Signal(SIGWINCH); });
  ASSERT_TRUE(thread.ok()) << thread.status();
  AwaitSystemCall(child.pid(), GetParam().number);
  EXPECT_EQ(turns->returned, 0);
}

INSTANTIATE_TEST_SUITE_P(Calls, InterruptedCall,
                         testing::ValuesIn(InterruptedCalls()),
                         [](const auto& call) { return call.param.name; });

class RestartingCall : public OnBlockingCall {};

TEST_P(RestartingCall, IsLeftToTheKernel) {
  const Shared<Turns> turns;
  const Child child = ForkBlocking(GetParam(), turns);
  for (int i = 0; i < 20; ++i) {
    const auto thread = StopOnce(child.pid());
    ASSERT_TRUE(thread.ok()) << thread.status();
    // Calls with a timeout go on, for the time left, as restart_syscall(2).
    AwaitSystemCall(child.pid(), {GetParam().number, SYS_restart_syscall});
    ASSERT_EQ(turns->returned, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Calls, RestartingCall,
                         testing::ValuesIn(RestartingCalls()),
                         [](const auto& call) { return call.param.name; });

// Without looking first whether it sleeps, as no capture would: so that stops
// hit a call as it begins, waits and ends.
void ExpectUndisturbedByStops(const BlockingCall& call, int64_t timeout_ns) {
  constexpr int kStopsInTheCall = 10'000;
  const Shared<LoopCounts> counts;
  Child child = ForkWaitingLoop(call, timeout_ns, counts);
  TracerThread tracer;
  for (int i = 0, in_the_call = 0; in_the_call < kStopsInTheCall; ++i) {
    const auto thread = StopOnce(tracer, child.pid());
    ASSERT_TRUE(thread.ok()) << thread.status();
    in_the_call += thread->system_call.has_value();
    // At times long enough for a wait to end: a relative timeout that is made
    // again starts over.
    Burn(i * 7919 % 100'000);
  }
  EndWaitingLoop(child, counts);
}

class StoppedTimeouts : public OnBlockingCall {};

TEST_P(StoppedTimeouts, AreNeitherCutShortNorInterrupted) {
  ExpectUndisturbedByStops(GetParam(), 50'000);
}

INSTANTIATE_TEST_SUITE_P(Calls, StoppedTimeouts,
                         testing::ValuesIn(CallsWithTimeout()),
                         [](const auto& call) { return call.param.name; });

class StoppedWaits : public OnBlockingCall {};

TEST_P(StoppedWaits, EndOnlyWhenTheyAreWoken) {
  ExpectUndisturbedByStops(GetParam(), kUntilWoken);
}

INSTANTIATE_TEST_SUITE_P(Calls, StoppedWaits,
                         testing::ValuesIn(CallsToBeWoken()),
                         [](const auto& call) { return call.param.name; });

std::atomic<int> handled_while_held = 0;

// Some of these find the thread about to take one of the signals, and stop it
// there instead of where we wanted; the signal is then ours to hand on.
TEST(PtraceStop, HandsOnSignalsThatGetInItsWay) {
  if (kThreadSanitizer) GTEST_SKIP() << "TSan puts off signal handlers";
  constexpr int kSignals = 20'000;
  const Shared<std::atomic<bool>> done;
  Child child = Child::Fork([&](ChildPipes& parent) {
    struct sigaction action = {};
    action.sa_handler = [](int) { ++handled_while_held; };
    action.sa_flags = SA_RESTART;
    sigaction(SIGRTMIN, &action, nullptr);
    parent.WriteLine("ready");
    while (!*done) {
    }
    sched_yield();  // on its way back takes those that are still pending
    parent.WriteLine(absl::StrCat(handled_while_held.load()));
    parent.ReadLine();
    return 0;
  });
  child.ReadLine();
  Child sender = Child::Fork([&](ChildPipes& parent) {
    for (int sent = 0; sent < kSignals;) {
      // Queued, so that each counts; EAGAIN while the queue is full.
      sent += sigqueue(child.pid(), SIGRTMIN, {}) == 0;
    }
    *done = true;
    return 0;
  });
  while (!*done) {
    const auto thread = StopOnce(child.pid());
    ASSERT_TRUE(thread.ok()) << thread.status();
  }
  EXPECT_EQ(child.ReadLine(), absl::StrCat(kSignals));
}

TEST(PtraceStop, LetsAStopSignalStopItAndSigcontResumeIt) {
  const Shared<SpinCounters> counters;
  const Child child = ForkSpinning(counters);
  ASSERT_TRUE(StopOnce(child.pid(), [&] { child.Signal(SIGSTOP); }).ok());
  ASSERT_EQ(waitpid(child.pid(), nullptr, WUNTRACED), child.pid());
  const auto stopped = StopOnce(child.pid());
  ASSERT_TRUE(stopped.ok()) << stopped.status();
  EXPECT_EQ(stopped->state, ThreadState::kStopped);
  EXPECT_EQ(TracerOf(child.pid()), 0);
  child.Signal(SIGCONT);
  AwaitProgress(counters);
}

TEST(PtraceStop, LeavesADeathToTheParent) {
  const Shared<SpinCounters> counters;
  Child child = ForkSpinning(counters);
  ASSERT_TRUE(StopOnce(child.pid(), [&] { child.Signal(SIGKILL); }).ok());
  EXPECT_EQ(child.Wait(), -SIGKILL);
}

// In vfork a thread waits uninterruptibly: it will not come to the stop before
// its child lets it.
TEST(PtraceStop, GivesUpOnAThreadThatDoesNotStopAndLetsGoOfIt) {
  Child child = Child::Fork([](ChildPipes& parent) {
    // As vfork, but without its trap of a shared stack.
    if (syscall(SYS_clone, CLONE_VFORK | SIGCHLD, 0, 0, 0, 0) == 0) {
      char c;
      _exit(read(parent.read_fd(), &c, 1) == 1 ? 0 : 1);
    }
    parent.WriteLine("done");
    return 0;
  });
  AwaitSystemCall(child.pid(), SYS_clone);
  TracerThread tracer;
  for (int i = 0; i < 2; ++i) {  // the second on a new thread
    absl::Status status;
    ASSERT_TRUE(tracer
                    .Run(TracerThread::kAnyCpu, kLimit,
                         [&] {
                           PtraceStop stop(child.pid());
                           status = stop.Begin().status();
                           return stop.End();
                         })
                    .ok());
    EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
    while (TracerOf(child.pid()) != 0) sched_yield();
  }
  child.WriteLine("");
  EXPECT_EQ(child.ReadLine(), "done");
  EXPECT_EQ(child.Wait(), 0);
}

TEST(PtraceStop, EndsWhenItsHolderIsKilled) {
  const Shared<SpinCounters> counters;
  const Child child = ForkSpinning(counters);
  Child holder = Child::Fork([&](ChildPipes& parent) {
    StopOnce(child.pid(), [&] {
      parent.WriteLine("holding");
      for (;;) pause();
    }).IgnoreError();
    return 0;
  });
  ASSERT_EQ(holder.ReadLine(), "holding");
  ASSERT_NE(TracerOf(child.pid()), 0);
  holder.Signal(SIGKILL);
  ASSERT_EQ(holder.Wait(), -SIGKILL);
  AwaitProgress(counters);
  EXPECT_EQ(TracerOf(child.pid()), 0);
}

}  // namespace
}  // namespace hubspy
