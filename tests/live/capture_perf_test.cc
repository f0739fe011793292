// Threads that run, sampled by the kernel: nothing stops them.
#include <sched.h>
#include <sys/syscall.h>

#include <cerrno>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "live/open_or_die.h"
#include "live/spinning.h"
#include "support/child.h"
#include "support/forbid_system_call.h"
#include "support/shared.h"
#include "target/process.h"

namespace hubspy {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<Process> OpenSampled(int32_t pid, CaptureWays ways) {
  return OpenOrDie(pid, {.ways = ways, .rate_hz = 1000});
}

// Looks until the kernel has a sample; nullopt: it refuses to.
std::optional<Snapshot> AwaitSample(Process& process, ThreadId tid) {
  for (;;) {
    auto snapshot = process.Capture({.tid = tid});
    if (snapshot.ok()) return **std::move(snapshot);
    if (!absl::IsAborted(snapshot.status())) {
      EXPECT_FALSE(process.PerfRefusal().ok()) << snapshot.status();
      return std::nullopt;
    }
    sched_yield();
  }
}

TEST(PerfCapture, IsOfOneInstantInTheFunctionThatRunsAndStopsNothing) {
  const Shared<SpinCounters> counters;
  const Child child = ForkSpinning(counters);
  const auto process = OpenSampled(child.pid(), CaptureWays::kPerf);
  uint64_t latest = 0;
  for (int samples = 0; samples < 100;) {
    const auto snapshot = AwaitSample(*process, child.pid());
    if (!snapshot) GTEST_SKIP() << process->PerfRefusal();
    ASSERT_EQ(snapshot->method, CaptureMethod::kPerf);
    ASSERT_TRUE(WantsCpu(snapshot->state));
    ASSERT_EQ(snapshot->pause_ns, 0);
    ASSERT_TRUE(SpinCode().Contains(snapshot->registers.pc()));
    const auto on_stack =
        snapshot->stack.Read<uint64_t>(Address(counters->stack_address));
    ASSERT_TRUE(on_stack.has_value());
    ASSERT_LE(*on_stack, counters->first);
    ASSERT_GE(*on_stack, latest);
    if (*on_stack > latest) ++samples;
    latest = *on_stack;
  }
  EXPECT_EQ(TracerOf(child.pid()), 0);
}

TEST(PerfCapture, IsPreferredToAStop) {
  const Shared<SpinCounters> counters;
  const Child child = ForkSpinning(counters);
  const auto process = OpenSampled(child.pid(), CaptureWays::kAny);
  // Until the first sample is there, it is stopped.
  for (;;) {
    const auto snapshot = process->Capture({.tid = child.pid()});
    if (absl::IsAborted(snapshot.status())) continue;
    ASSERT_TRUE(snapshot.ok()) << snapshot.status();
    if ((*snapshot)->method == CaptureMethod::kPerf) break;
    if (!process->PerfRefusal().ok()) GTEST_SKIP() << process->PerfRefusal();
  }
}

// Beside one that never pauses, a thread of the lowest priority hardly ever
// gets their CPU. Its last sample is old by the clock, and still where it
// stands; to stop it, one would have to wait until it runs.
TEST(PerfCapture, StaysTrueWhileTheThreadWaitsForACpu) {
  cpu_set_t one_cpu;
  CPU_ZERO(&one_cpu);
  CPU_SET(sched_getcpu(), &one_cpu);
  const Shared<SpinCounters> counters;
  const Child waiting = ForkSpinning(counters);
  const auto process = OpenSampled(waiting.pid(), CaptureWays::kAny);
  for (;;) {
    const auto snapshot = process->Capture({.tid = waiting.pid()});
    if (!process->PerfRefusal().ok()) GTEST_SKIP() << process->PerfRefusal();
    if (snapshot.ok() && (*snapshot)->method == CaptureMethod::kPerf) break;
  }
  const sched_param no_priority = {};
  ASSERT_EQ(sched_setscheduler(waiting.pid(), SCHED_IDLE, &no_priority), 0);
  ASSERT_EQ(sched_setaffinity(waiting.pid(), sizeof(one_cpu), &one_cpu), 0);
  const Shared<SpinCounters> other_counters;
  const Child busy = ForkSpinning(other_counters);
  ASSERT_EQ(sched_setaffinity(busy.pid(), sizeof(one_cpu), &one_cpu), 0);

  const absl::Time end = absl::Now() + absl::Milliseconds(200);
  while (absl::Now() < end) {
    const auto snapshot = process->Capture({.tid = waiting.pid()});
    ASSERT_TRUE(snapshot.ok()) << snapshot.status();
    ASSERT_EQ((*snapshot)->method, CaptureMethod::kPerf);
  }
}

// What is read besides has to be of the same instant, which the kernel's sample
// is not.
TEST(PerfCapture, IsNotForWhoWantsMoreThanTheStack) {
  const Shared<SpinCounters> counters;
  const Child child = ForkSpinning(counters);
  const auto process = OpenSampled(child.pid(), CaptureWays::kAny);
  const Address begin(reinterpret_cast<uint64_t>(&counters->first));
  for (int stops = 0; stops < 50;) {
    const auto snapshot = process->Capture(
        {.tid = child.pid(), .also = {{begin, begin + sizeof(uint64_t)}}});
    if (absl::IsAborted(snapshot.status())) continue;
    ASSERT_TRUE(snapshot.ok()) << snapshot.status();
    ASSERT_EQ((*snapshot)->method, CaptureMethod::kPtrace);
    ++stops;
  }
}

TEST(PerfCapture, WhoWantsMoreAndForbidsStopsIsTold) {
  const Shared<SpinCounters> counters;
  const Child child = ForkSpinning(counters);
  const auto process = OpenSampled(child.pid(), CaptureWays::kPerf);
  const Address begin(reinterpret_cast<uint64_t>(&counters->first));
  const absl::Status status =
      process
          ->Capture(
              {.tid = child.pid(), .also = {{begin, begin + sizeof(uint64_t)}}})
          .status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
}

TEST(PerfCapture, LeavesThreadsThatSleepAsTheyAre) {
  Child child = Child::Fork([](ChildPipes& parent) {
    parent.WriteLine("ready");
    parent.ReadLine();
    return 0;
  });
  child.ReadLine();
  const auto process = OpenSampled(child.pid(), CaptureWays::kPerf);
  const auto snapshot = AwaitSample(*process, child.pid());
  ASSERT_TRUE(snapshot.has_value());
  EXPECT_EQ(snapshot->method, CaptureMethod::kAsleep);
  EXPECT_EQ(snapshot->system_call->number, SYS_read);
}

TEST(CaptureWays, AsleepLeavesThreadsThatRunAlone) {
  const Shared<SpinCounters> counters;
  const Child child = ForkSpinning(counters);
  const auto process = OpenSampled(child.pid(), CaptureWays::kAsleep);
  const absl::Status status = process->Capture({.tid = child.pid()}).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
}

TEST(PerfCapture, WhereItIsForbiddenThreadsAreStoppedAndItIsSaidWhy) {
  const Shared<SpinCounters> counters;
  const Child target = ForkSpinning(counters);
  Child forbidden = Child::Fork([&](ChildPipes& parent) {
    ForbidSystemCall(SYS_perf_event_open, EPERM);
    const auto any = OpenSampled(target.pid(), CaptureWays::kAny);
    absl::StatusOr<std::optional<Snapshot>> snapshot;
    do {
      snapshot = any->Capture({.tid = target.pid()});
    } while (absl::IsAborted(snapshot.status()));
    const bool stopped =
        snapshot.ok() && (*snapshot)->method == CaptureMethod::kPtrace;
    parent.WriteLine(stopped ? "stopped" : snapshot.status().ToString());
    parent.WriteLine(any->PerfRefusal().ToString());
    const auto perf = OpenSampled(target.pid(), CaptureWays::kPerf);
    parent.WriteLine(perf->Capture({.tid = target.pid()}).status().ToString());
    return 0;
  });
  EXPECT_EQ(forbidden.ReadLine(), "stopped");
  EXPECT_THAT(forbidden.ReadLine(),
              HasSubstr("perf_event_open: Operation not permitted"));
  EXPECT_THAT(forbidden.ReadLine(), HasSubstr("PERMISSION_DENIED"));
}

}  // namespace
}  // namespace hubspy
