#include "diagnose/diagnose.h"

#include <cstdint>
#include <limits>

#include "absl/numeric/int128.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "profiler/diagnose/watches.h"

namespace hubspy {
namespace {

using ::testing::HasSubstr;

TEST(Diagnose, ARightClockIsHealthyWithEveryTimebase) {
  struct Fraction {
    uint32_t numer;
    uint32_t denom;
  };
  for (const Fraction& base :
       {Fraction{1, 1}, Fraction{125, 3}, Fraction{1'000'000'000, 33'333'335},
        Fraction{625, 12}}) {
    const HubWatch watch = WatchOf(base.numer, base.denom, [&](int64_t t) {
      return static_cast<int64_t>(absl::int128(t) * base.numer / base.denom);
    });
    const Verdict verdict = Diagnose(watch);
    EXPECT_EQ(verdict.kind, VerdictKind::kHealthy) << verdict.summary;
    EXPECT_FALSE(verdict.clock);
  }
}

TEST(Diagnose, TheSeedsClockIsCalledInverted) {
  HubWatch watch = WatchOf(125, 3, [](int64_t t) { return t * 3 / 125; });
  watch.green_threads = {
      {.id = 1,
       .name = "foo",
       .state = GreenState::kWaiting,
       .waiting_for = WaitReason::kTimer,
       .deadline_ns = watch.end.last.now_ns + 2 * kSecond},
      {.id = 2, .state = GreenState::kReady, .deadline_ns = 5}};
  const Verdict verdict = Diagnose(watch);
  ASSERT_EQ(verdict.kind, VerdictKind::kClockRate);
  EXPECT_NEAR(1 / verdict.clock->rate, 1736.1, 0.5);
  EXPECT_EQ(verdict.clock->cause, ClockCause::kInverted);
  ASSERT_EQ(verdict.clock->timers.size(), 1u);
  EXPECT_EQ(verdict.clock->timers[0].green_thread, 1u);
  EXPECT_NEAR(static_cast<double>(verdict.clock->timers[0].due_in_real_ns),
              3472.2e9, 1e9);
  EXPECT_THAT(verdict.summary, HasSubstr("1736 times slow"));
  EXPECT_THAT(verdict.summary, HasSubstr("125/3 ns per tick"));
  EXPECT_THAT(verdict.summary, HasSubstr("upside down"));
  EXPECT_THAT(verdict.summary,
              HasSubstr("1 timer will in effect never come due: that of "
                        "green thread 1 (foo), 2.0 s away"));
  EXPECT_THAT(verdict.summary, HasSubstr("58 minutes"));
}

// Seen once, with a green thread running whose turn began with the hub's latest
// reading of its clock, `since_ns` before the latest time known of.
HubWatch InstantWatch(int64_t since_ns) {
  HubWatch watch = HealthyWatch();
  watch.one_instant = true;
  watch.end.state = HubState::kRunning;
  watch.end.current = Address(0x1000);
  watch.begin = watch.end;
  watch.watched_ns = 0;
  watch.looks = watch.looks_running = 1;
  watch.end_real_ns += since_ns;
  watch.green_threads = {{.record = Address(0x1000),
                          .id = 5,
                          .name = "cruncher",
                          .state = GreenState::kRunning,
                          .last_switched_ns = watch.end.last.now_ns}};
  watch.stack = {{.function = "Crunch"}};
  return watch;
}

TEST(DiagnoseInstant, ATurnThatIsKnownToHaveLastedIsNotYielding) {
  const Verdict verdict = Diagnose(InstantWatch(3 * kSecond));
  EXPECT_EQ(verdict.kind, VerdictKind::kNotYielding);
  EXPECT_EQ(verdict.culprit->id, 5u);
  EXPECT_TRUE(verdict.one_instant);
  EXPECT_THAT(
      verdict.summary,
      HasSubstr("Green thread 5 (cruncher) computes in Crunch without "
                "yielding to the hub, in a turn of the loop that has lasted "
                "3.0 s or longer"));
  // The same, known from a reading that the turn itself took.
  HubWatch watch = InstantWatch(0);
  watch.green_threads[0].last_switched_ns -= 4 * kSecond;
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kNotYielding);
  watch.looks_running = 0;
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kBlockingCall);
}

TEST(DiagnoseInstant, WhatOneInstantLeavesOpenIsSaid) {
  const Verdict verdict = Diagnose(InstantWatch(kSecond / 10));
  EXPECT_EQ(verdict.kind, VerdictKind::kHealthy);
  EXPECT_THAT(verdict.summary,
              HasSubstr("green thread 5 (cruncher) ran in Crunch"));
  EXPECT_THAT(verdict.summary, HasSubstr("takes two looks"));
  HubWatch polling = InstantWatch(0);
  polling.end.state = HubState::kPolling;
  polling.end.current = Address();
  EXPECT_THAT(Diagnose(polling).summary,
              HasSubstr("the hub waited for events"));
}

TEST(DiagnoseInstant, AStopAndAWrongClockShowAtOnce) {
  HubWatch stopped = InstantWatch(0);
  stopped.looks_stopped = 1;
  EXPECT_EQ(Diagnose(stopped).kind, VerdictKind::kStopped);
  EXPECT_THAT(Diagnose(stopped).remedy, HasSubstr("a core does not say"));
  HubWatch slow = WatchOf(125, 3, [](int64_t t) { return t * 3 / 125; });
  slow.one_instant = true;
  EXPECT_EQ(Diagnose(slow).kind, VerdictKind::kClockRate);
}

TEST(Diagnose, NamesTheFirstFewOfManyTimers) {
  HubWatch watch = WatchOf(125, 3, [](int64_t t) { return t * 3 / 125; });
  for (uint64_t id = 1; id <= 5; ++id) {
    watch.green_threads.push_back(
        {.id = id,
         .state = GreenState::kWaiting,
         .deadline_ns =
             watch.end.last.now_ns + static_cast<int64_t>(10 - id) * kSecond});
  }
  const Verdict verdict = Diagnose(watch);
  EXPECT_EQ(verdict.clock->timers.size(), 5u);
  EXPECT_THAT(verdict.summary,
              HasSubstr("that of green thread 5, 5.0 s away by the hub's "
                        "clock, 2.4 hours in truth, that of green thread 4, "
                        "that of green thread 3, and 2 more."));
}

TEST(Diagnose, NamesTheOtherWaysToMisconvert) {
  EXPECT_EQ(Diagnose(WatchOf(125, 3, [](int64_t t) { return t; })).clock->cause,
            ClockCause::kTakenAsOne);
  EXPECT_EQ(
      Diagnose(WatchOf(125, 3, [](int64_t t) { return t * 41; })).clock->cause,
      ClockCause::kTruncated);
  EXPECT_EQ(
      Diagnose(WatchOf(7, 3, [](int64_t t) { return t * 17; })).clock->cause,
      ClockCause::kOther);
}

TEST(Diagnose, TicksThatComeAtAnotherRateAreNotBlamedOnTheConversion) {
  HubWatch watch = HealthyWatch();
  watch.end.last.witness_real_ns = 77 * kSecond + 600 * kSecond;
  const Verdict verdict = Diagnose(watch);
  ASSERT_EQ(verdict.kind, VerdictKind::kClockRate);
  EXPECT_EQ(verdict.clock->cause, ClockCause::kTickRate);
  EXPECT_NEAR(verdict.clock->rate, 0.5, 0.01);
}

// Watched for 2 s at the end, in which it was read ten times a second.
HubWatch SteppedWatch(int64_t step_ns) {
  HubWatch watch = HealthyWatch();
  watch.end.last.now_ns += step_ns;
  for (int i = 20; i >= 0; --i) {
    ClockReading reading = watch.end.last;
    reading.now_ns -= i * kSecond / 10;
    reading.witness_real_ns -= i * kSecond / 10;
    watch.clock_readings.push_back(reading);
  }
  return watch;
}

TEST(Diagnose, AClockThatWasSetAndGoesRightOtherwiseWasStepped) {
  const Verdict forward = Diagnose(SteppedWatch(3600 * kSecond));
  ASSERT_EQ(forward.kind, VerdictKind::kClockRate);
  EXPECT_EQ(forward.clock->cause, ClockCause::kStepped);
  EXPECT_NEAR(static_cast<double>(forward.clock->step_ns), 3600e9, 1e6);
  EXPECT_THAT(forward.summary,
              HasSubstr("The hub's clock was stepped: in 5 minutes of real "
                        "time it advanced by 65 minutes. While it was watched "
                        "it went right, but for jumps: it was set forward, by "
                        "60 minutes."));
  EXPECT_THAT(forward.remedy, HasSubstr("CLOCK_MONOTONIC"));
  const Verdict back = Diagnose(SteppedWatch(-100 * kSecond));
  EXPECT_EQ(back.clock->cause, ClockCause::kStepped);
  EXPECT_THAT(back.summary, HasSubstr("it was set back, by 100.0 s"));
}

TEST(Diagnose, ATimerOfASteppedClockComesWhenItSays) {
  HubWatch watch = SteppedWatch(-100 * kSecond);
  watch.green_threads = {{.id = 1,
                          .state = GreenState::kWaiting,
                          .waiting_for = WaitReason::kTimer,
                          .deadline_ns = watch.end.last.now_ns + 9 * kSecond}};
  const Verdict verdict = Diagnose(watch);
  EXPECT_EQ(verdict.clock->timers[0].due_in_real_ns, 9 * kSecond);
  EXPECT_THAT(verdict.summary,
              HasSubstr("1 timer is pending: that of green thread 1, 9.0 s "
                        "away by the hub's clock."));
}

TEST(Diagnose, AJumpThatIsSeenIsNotTakenForItsRate) {
  HubWatch watch = SteppedWatch(-100 * kSecond);
  for (int i = 0; i < 10; ++i) watch.clock_readings[i].now_ns += 100 * kSecond;
  EXPECT_EQ(Diagnose(watch).clock->cause, ClockCause::kStepped);
}

TEST(Diagnose, AClockThatGoesBackwardsWasSetBack) {
  HubWatch watch = HealthyWatch();
  watch.end.last.now_ns -= 3600 * kSecond;
  const Verdict verdict = Diagnose(watch);
  EXPECT_EQ(verdict.clock->cause, ClockCause::kStepped);
  EXPECT_THAT(verdict.summary,
              HasSubstr("No counter goes backwards: it was set back, by 60 "
                        "minutes."));
}

TEST(Diagnose, AClockWhoseFaultIsTooSmallToBeSeenWhileWatchedWasNotStepped) {
  // 1 % slow: 20 ms in the 2 s that it was watched.
  HubWatch watch = SteppedWatch(-3 * kSecond);
  EXPECT_EQ(Diagnose(watch).clock->cause, ClockCause::kOther);
  // Read only once since: nothing is known of how it goes now.
  watch = SteppedWatch(3600 * kSecond);
  watch.clock_readings.resize(1);
  EXPECT_EQ(Diagnose(watch).clock->cause, ClockCause::kOther);
  // And one that went as wrong while it was watched as before.
  watch = SteppedWatch(3600 * kSecond);
  for (size_t i = 0; i < watch.clock_readings.size(); ++i) {
    watch.clock_readings[i].now_ns += static_cast<int64_t>(i) * kSecond;
  }
  EXPECT_EQ(Diagnose(watch).clock->cause, ClockCause::kOther);
}

TEST(Diagnose, AFaultOfTheConversionIsSettledByOneLook) {
  const auto cause_settled = [](const HubWatch& watch) {
    return IsSettled(*FindClockFault(watch));
  };
  EXPECT_TRUE(
      cause_settled(WatchOf(125, 3, [](int64_t t) { return t * 3 / 125; })));
  EXPECT_FALSE(cause_settled(WatchOf(7, 3, [](int64_t t) { return t * 17; })));
  HubWatch slow_ticks = HealthyWatch();
  slow_ticks.end.last.witness_real_ns += 300 * kSecond;
  EXPECT_FALSE(cause_settled(slow_ticks));
}

TEST(Diagnose, ATickShorterThanANanosecondDividedFirstStandsStill) {
  const Verdict verdict = Diagnose(WatchOf(5, 12, [](int64_t) { return 0; }));
  ASSERT_EQ(verdict.kind, VerdictKind::kClockRate);
  EXPECT_EQ(verdict.clock->cause, ClockCause::kTruncated);
  EXPECT_THAT(verdict.summary, HasSubstr("clock stands still: "));
}

TEST(Diagnose, ACorrectionByNtpIsNotAFault) {
  HubWatch watch = HealthyWatch();
  watch.end.last.now_ns += 300 * kSecond / 2000;  // 0.05 %
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kHealthy);
}

TEST(Diagnose, AClockReadOverTooShortATimeIsNotJudged) {
  HubWatch watch = WatchOf(125, 3, [](int64_t t) { return t * 3 / 125; });
  watch.end.last = watch.end.first;
  watch.end.last.witness_real_ns += kSecond / 2;
  EXPECT_FALSE(ClockIsMeasurable(watch.end));
  const Verdict verdict = Diagnose(watch);
  EXPECT_EQ(verdict.kind, VerdictKind::kHealthy);
  EXPECT_THAT(verdict.summary, HasSubstr("too seldom"));
}

TEST(Diagnose, HostileReadingsGiveAVerdictAndNoOverflow) {
  HubWatch watch = HealthyWatch();
  watch.end.first = {std::numeric_limits<int64_t>::min(),
                     std::numeric_limits<int64_t>::min(),
                     std::numeric_limits<int64_t>::min()};
  watch.end.last = {std::numeric_limits<int64_t>::max(),
                    std::numeric_limits<int64_t>::min(),
                    std::numeric_limits<int64_t>::max()};
  watch.end.timebase_numer = 0;
  watch.end.timebase_denom = 0;
  watch.end.next_deadline_ns = std::numeric_limits<int64_t>::min();
  watch.green_threads = {{.id = 1,
                          .state = GreenState::kWaiting,
                          .deadline_ns = std::numeric_limits<int64_t>::max()}};
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kClockRate);
  watch.end.last.now_ns = std::numeric_limits<int64_t>::max();
  watch.end.timebase_numer = 4'000'000'000;
  watch.end.timebase_denom = 1;
  Diagnose(watch);
}

HubWatch CrunchingWatch() {
  HubWatch watch = HeldWatch();
  watch.end.ready = 3;
  watch.stack = {{.function = "Crunch"}};
  return watch;
}

TEST(Diagnose, AGreenThreadThatComputesAllTheTimeIsNotYielding) {
  HubWatch watch = CrunchingWatch();
  watch.looks_running = watch.looks;
  const Verdict verdict = Diagnose(watch);
  EXPECT_EQ(verdict.kind, VerdictKind::kNotYielding);
  EXPECT_EQ(verdict.culprit->id, 5u);
  EXPECT_THAT(verdict.summary, HasSubstr("Green thread 5 (cruncher)"));
  EXPECT_THAT(verdict.summary, HasSubstr("in Crunch"));
  EXPECT_THAT(verdict.summary, HasSubstr("3 green threads that are ready"));
}

TEST(Diagnose, AGreenThreadThatSleepsInTheKernelBlocks) {
  HubWatch watch = CrunchingWatch();
  watch.call = CallFacts{.name = "clock_nanosleep",
                         .text = "clock_nanosleep(3600.000 s)"};
  const Verdict verdict = Diagnose(watch);
  EXPECT_EQ(verdict.kind, VerdictKind::kBlockingCall);
  EXPECT_THAT(verdict.summary, HasSubstr("in clock_nanosleep(3600.000 s) for"));
}

TEST(Diagnose, ABusyHubThatSwitchesIsHealthy) {
  HubWatch watch = CrunchingWatch();
  watch.looks_running = watch.looks;
  watch.end.switches = watch.begin.switches + 1;
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kHealthy);
}

TEST(Diagnose, AStoppedThreadExplainsEverythingElse) {
  HubWatch watch = CrunchingWatch();
  watch.looks_stopped = watch.looks;
  const Verdict verdict = Diagnose(watch);
  EXPECT_EQ(verdict.kind, VerdictKind::kStopped);
  EXPECT_THAT(verdict.remedy, HasSubstr("kill -CONT 7"));
}

TEST(Diagnose, AHubThatSleepsUntilTomorrowIsHealthy) {
  HubWatch watch = HealthyWatch();
  watch.begin.iterations = watch.end.iterations;
  watch.end.timers = 1;
  watch.end.next_deadline_ns = watch.end.last.now_ns + 86400 * kSecond;
  const Verdict verdict = Diagnose(watch);
  EXPECT_EQ(verdict.kind, VerdictKind::kHealthy);
  EXPECT_THAT(verdict.summary, HasSubstr("next of 1 timer, due in 24.0 hours"));
  watch.green_threads = {
      {.id = 3,
       .name = "backup",
       .state = GreenState::kWaiting,
       .waiting_for = WaitReason::kTimer,
       .deadline_ns = watch.end.next_deadline_ns},
      {.id = 4, .state = GreenState::kWaiting, .waiting_for = WaitReason::kFd}};
  watch.fd_waits = {{.green_thread = 4,
                     .at_end = {.fd = 5, .is_open = true, .what = "pipe"}}};
  EXPECT_THAT(Diagnose(watch).summary,
              HasSubstr("next of 1 timer, that of green thread 3 (backup), due "
                        "in 24.0 hours. One waits for an fd: fd 5, pipe."));
  watch.green_threads.push_back(watch.green_threads.back());
  EXPECT_THAT(Diagnose(watch).summary,
              ::testing::EndsWith("2 wait for fds, such as fd 5, pipe."));
  watch.fd_waits_left_out = 7;
  EXPECT_THAT(Diagnose(watch).summary,
              HasSubstr("At 7 of these fds there was no time to look"));
}

}  // namespace
}  // namespace hubspy
