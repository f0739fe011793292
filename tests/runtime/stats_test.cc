// Hub::Stats(), and the meters that it is made of.
#include <cstdint>

#include "absl/time/time.h"
#include "green/hub_meter.h"
#include "gtest/gtest.h"
#include "runtime/hub_testing.h"

namespace green {
namespace {

// Somebody computes for so long.
void Compute(SimulatedTime& time, absl::Duration duration) {
  time.clock.AdvanceTo(time.clock.ticks() + absl::ToInt64Nanoseconds(duration));
}

TEST(HubMeter, TellsBusyPollingAndIdleApart) {
  using Kind = internal::HubMeter::PollKind;
  internal::HubMeter meter(100);
  meter.BeginPoll(130);
  meter.EndPoll(135, Kind::kLooked);
  meter.BeginPoll(145);
  meter.EndPoll(245, Kind::kWaited);
  EXPECT_EQ(meter.BusyNs(250), 30 + 10 + 5);
  EXPECT_EQ(meter.polling_ns(), 5);
  EXPECT_EQ(meter.idle_ns(), 100);
  EXPECT_EQ(meter.LongestBusyNs(250), 30);
  EXPECT_EQ(meter.LongestBusyNs(300), 55);
}

TEST(Stats, SleepingIsIdle) {
  InSimulatedTime([](SimulatedTime&) {
    Sleep(absl::Seconds(3));
    const HubStats stats = Hub::Current().Stats();
    EXPECT_EQ(stats.idle, absl::Seconds(3));
    EXPECT_EQ(stats.busy, absl::ZeroDuration());
    EXPECT_EQ(stats.polling, absl::ZeroDuration());
    EXPECT_EQ(stats.longest_between_polls, absl::ZeroDuration());
  });
}

TEST(Stats, ComputingIsBusy) {
  InSimulatedTime([](SimulatedTime& time) {
    Spawn([&] {
      Compute(time, absl::Seconds(2));
      Sleep(absl::Seconds(1));
      Compute(time, absl::Seconds(5));
    }).Wait();
    const HubStats stats = Hub::Current().Stats();
    EXPECT_EQ(stats.busy, absl::Seconds(7));
    EXPECT_EQ(stats.idle, absl::Seconds(1));
    EXPECT_EQ(stats.longest_between_polls, absl::Seconds(5));
  });
}

TEST(Stats, ACallbackIsBusyToo) {
  InSimulatedTime([](SimulatedTime& time) {
    Hub::Current().CallAfter(absl::Seconds(1),
                             [&] { Compute(time, absl::Seconds(4)); });
    Sleep(absl::Seconds(2));
    EXPECT_EQ(Hub::Current().Stats().busy, absl::Seconds(4));
  });
}

TEST(Stats, TheThreadsOwnCodeIsBusyUntilNow) {
  InSimulatedTime([](SimulatedTime& time) {
    Hub& hub = Hub::Current();
    Compute(time, absl::Seconds(1));
    EXPECT_EQ(hub.Stats().busy, absl::Seconds(1));
    EXPECT_EQ(hub.Stats().longest_between_polls, absl::Seconds(1));
    Sleep(absl::Seconds(1));
    Compute(time, absl::Seconds(3));
    EXPECT_EQ(hub.Stats().busy, absl::Seconds(4));
    EXPECT_EQ(hub.Stats().longest_between_polls, absl::Seconds(3));
  });
}

TEST(Stats, TimesAddUpToTheAgeOfTheHub) {
  InSimulatedTime([](SimulatedTime& time) {
    Hub& hub = Hub::Current();
    const int64_t began_ns = time.clock.Read().now_ns;
    for (int i = 1; i <= 20; ++i) {
      SpawnAfter(absl::Milliseconds(i * 7), [&time, i] {
        Compute(time, absl::Microseconds(i * 13));
        Yield();
      });
    }
    Sleep(absl::Milliseconds(100));
    const HubStats stats = hub.Stats();
    EXPECT_EQ(stats.busy + stats.polling + stats.idle,
              absl::Nanoseconds(time.clock.Read().now_ns - began_ns));
    EXPECT_GT(stats.busy, absl::ZeroDuration());
    EXPECT_GT(stats.idle, absl::ZeroDuration());
  });
}

TEST(Stats, ManyTurnsWithoutAPollAreOneStretch) {
  InSimulatedTime([](SimulatedTime& time) {
    Spawn([&] {
      for (int i = 0; i < 10; ++i) {
        Compute(time, absl::Microseconds(1));
        Yield();
      }
    }).Wait();
    EXPECT_EQ(Hub::Current().Stats().longest_between_polls,
              absl::Microseconds(10));
  });
}

TEST(Stats, ATimerOnTimeIsNotLate) {
  InSimulatedTime([](SimulatedTime&) {
    Sleep(absl::Seconds(1));
    const Histogram lateness = Hub::Current().Stats().timer_lateness;
    EXPECT_EQ(lateness.count(), 1u);
    EXPECT_EQ(lateness.max_ns(), 0);
  });
}

TEST(Stats, ATimerThatHadToWaitForAGreenThreadIsLate) {
  InSimulatedTime([](SimulatedTime& time) {
    SpawnN([&] { Compute(time, absl::Milliseconds(30)); });
    Sleep(absl::Milliseconds(10));
    const Histogram lateness = Hub::Current().Stats().timer_lateness;
    EXPECT_EQ(lateness.count(), 1u);
    EXPECT_EQ(lateness.max_ns(), 20'000'000);
  });
}

TEST(Stats, WithoutBlockingDetectionNothingBlocked) {
  InSimulatedTime([](SimulatedTime& time) {
    Compute(time, absl::Hours(1));
    Sleep(absl::Seconds(1));
    EXPECT_EQ(Hub::Current().Stats().blocking.count(), 0u);
  });
}

}  // namespace
}  // namespace green
