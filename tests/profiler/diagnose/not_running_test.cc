// Threads that may not run, and those that hardly get to.
#include "diagnose/diagnose.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "profiler/diagnose/watches.h"

namespace hubspy {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

HubWatch StoppedWatch() {
  HubWatch watch = IdleWatch();
  watch.looks_stopped = watch.looks;
  return watch;
}

TEST(Stopped, BySignalTracerOrGroup) {
  const Verdict signal = Diagnose(StoppedWatch());
  ASSERT_EQ(signal.kind, VerdictKind::kStopped);
  EXPECT_EQ(signal.stop->cause, StopCause::kSignal);
  EXPECT_THAT(signal.remedy, HasSubstr("kill -CONT 7"));

  HubWatch traced = StoppedWatch();
  traced.tracer = {.pid = 42, .name = "gdb"};
  EXPECT_EQ(Diagnose(traced).stop->cause, StopCause::kTracer);
  EXPECT_THAT(Diagnose(traced).summary, HasSubstr("process 42 (gdb)"));

  HubWatch frozen = IdleWatch();
  frozen.end.iterations = frozen.begin.iterations;
  frozen.cgroups_at_begin.frozen = frozen.cgroups.frozen = "/app";
  EXPECT_EQ(Diagnose(frozen).stop->cause, StopCause::kCgroup);
  EXPECT_EQ(Diagnose(frozen).stop->group, "/app");
}

TEST(Stopped, WhoMovedMeanwhileIsNot) {
  HubWatch frozen = IdleWatch();
  frozen.cgroups_at_begin.frozen = frozen.cgroups.frozen = "/app";
  EXPECT_EQ(Diagnose(frozen).kind, VerdictKind::kHealthy);  // it turned
  frozen.end.iterations = frozen.begin.iterations;
  frozen.cgroups_at_begin.frozen = "";
  EXPECT_EQ(Diagnose(frozen).kind, VerdictKind::kHealthy);
  HubWatch traced = StoppedWatch();
  traced.tracer.pid = 42;
  --traced.looks_stopped;
  EXPECT_EQ(Diagnose(traced).kind, VerdictKind::kHealthy);
}

// It got a tenth of a CPU, and was ready for one all the time.
HubWatch StarvedWatch() {
  HubWatch watch = IdleWatch();
  watch.looks_running = watch.looks;
  watch.schedule =
      ThreadSchedule{.run_ns = kSecond / 5, .wait_ns = 9 * kSecond / 5};
  return watch;
}

TEST(CpuStarved, NamesWhoHadTheCpuInstead) {
  HubWatch watch = StarvedWatch();
  watch.cpu_users = {{.pid = 9, .name = "greedy", .cpus = 0.85},
                     {.pid = 3, .name = "idle", .cpus = 0.001}};
  const Verdict verdict = Diagnose(watch);
  ASSERT_EQ(verdict.kind, VerdictKind::kCpuStarved);
  EXPECT_DOUBLE_EQ(verdict.starved->ran, 0.1);
  EXPECT_DOUBLE_EQ(verdict.starved->waited, 0.9);
  EXPECT_EQ(verdict.starved->others.size(), 1u);
  EXPECT_THAT(verdict.summary,
              AllOf(HasSubstr("on a CPU for 10.0 %"),
                    HasSubstr("process 9 (greedy) 85 % of one")));
}

TEST(CpuStarved, ALimitThatHeldItBackIsTheReason) {
  HubWatch watch = StarvedWatch();
  watch.cgroups_at_begin.quotas = {
      {.group = "/app", .cpus = 0.1, .throttled_ns = 50 * kSecond},
      {.group = "/", .cpus = 2, .throttled_ns = 0}};
  watch.cgroups.quotas = watch.cgroups_at_begin.quotas;
  watch.cgroups.quotas[0].throttled_ns += 3 * kSecond / 2;
  const Verdict verdict = Diagnose(watch);
  ASSERT_TRUE(verdict.starved->throttled_by);
  EXPECT_EQ(verdict.starved->throttled_by->throttled_ns, 3 * kSecond / 2);
  EXPECT_THAT(verdict.summary, HasSubstr("control group /app: 0.1 CPUs"));
  EXPECT_THAT(verdict.remedy, HasSubstr("cpu.max"));
  // A limit that was reached once, an hour ago, is not.
  watch.cgroups.quotas[0].throttled_ns = 50 * kSecond;
  EXPECT_FALSE(Diagnose(watch).starved->throttled_by);
}

TEST(CpuStarved, AWaitThatGoesOnIsSeenBeforeTheKernelCountsIt) {
  HubWatch watch = StarvedWatch();
  watch.schedule = ThreadSchedule{};
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kCpuStarved);
}

TEST(CpuStarved, SharingACpuOrNotWantingOneIsNot) {
  HubWatch watch = StarvedWatch();
  watch.schedule = ThreadSchedule{.run_ns = kSecond, .wait_ns = kSecond};
  EXPECT_FALSE(IsStarved(watch));
  watch = StarvedWatch();
  watch.looks_running = 2;
  watch.schedule =
      ThreadSchedule{.run_ns = kSecond / 50, .wait_ns = kSecond / 10};
  EXPECT_FALSE(IsStarved(watch));
  watch = StarvedWatch();
  watch.schedule.reset();
  EXPECT_FALSE(IsStarved(watch));
}

TEST(CpuStarved, WhoRanLongEnoughToTurnDoesNotYield) {
  HubWatch watch = StarvedWatch();
  watch.watched_ns = 20 * kSecond;
  watch.schedule =
      ThreadSchedule{.run_ns = 2 * kSecond, .wait_ns = 18 * kSecond};
  watch.begin.state = watch.end.state = HubState::kRunning;
  watch.begin.iterations = watch.end.iterations;
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kNotYielding);
}

TEST(WatchingLonger, HelpsOnlyWhileTheNextTurnIsAboutToCome) {
  HubView hub{.state = HubState::kPolling,
              .last = {.now_ns = 0, .witness_real_ns = 100 * kSecond},
              .poll_until_ns = 3 * kSecond};
  hub.first = hub.last;
  EXPECT_TRUE(MeasurableIfWatched(hub, 102 * kSecond, 2 * kSecond));
  EXPECT_FALSE(MeasurableIfWatched(hub, 100 * kSecond, 2 * kSecond));
  EXPECT_FALSE(MeasurableIfWatched(hub, 105 * kSecond, 2 * kSecond));
  hub.poll_until_ns.reset();
  EXPECT_FALSE(MeasurableIfWatched(hub, 102 * kSecond, 2 * kSecond));
}

}  // namespace
}  // namespace hubspy
