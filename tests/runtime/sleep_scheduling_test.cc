// When sleepers wake, in simulated time: the counter moves only when the hub
// waits, by exactly as long as it waits.
//
// Each check is a function of the conversion that the hub's clock applies. The
// tests hold them to the right one; the last ones prove that the same checks
// see the inverted one.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "green/green.h"
#include "gtest/gtest.h"
#include "runtime/hub_testing.h"

namespace green {
namespace {

__extension__ typedef __int128 Int128;

using Check = testing::AssertionResult;
using testing::AssertionFailure;
using testing::AssertionSuccess;

enum class Conversion { kRight, kInverted };

// ticks / (numer / denom): the seed's clock.
class InvertedClock final : public Clock {
 public:
  explicit InvertedClock(SimulatedClock& counter) : counter_(counter) {}

  ClockReading Read() override {
    ClockReading reading = counter_.Read();
    reading.now_ns =
        Timebase(reading.timebase.denom(), reading.timebase.numer())
            .ToNanoseconds(reading.ticks);
    return reading;
  }

 private:
  SimulatedClock& counter_;
};

struct Wake {
  std::string who;
  int64_t slept_at_tick;
  int64_t woke_at_tick;
};

// A world with a counter of `timebase` that stands at `start_tick`, and a hub
// whose clock converts it as told. Ends after an hour.
class World {
 public:
  World(Timebase timebase, Conversion conversion, int64_t start_tick)
      : counter_(SimulatedClock::ByHand(timebase, start_tick)),
        inverted_(counter_),
        poller_(counter_),
        conversion_(conversion) {
    const int64_t end_ns =
        counter_.Read().now_ns + absl::ToInt64Nanoseconds(absl::Hours(1));
    poller_.on_wait = [this, end_ns] {
      if (counter_.Read().now_ns >= end_ns) Hub::Current().Stop();
    };
  }

  // Runs `body`, which spawns green threads, and then those, until they have
  // ended or the hour has passed.
  void Run(const std::function<void(World&)>& body) {
    OnFreshThread([&] {
      Hub::Configure({.clock = conversion_ == Conversion::kRight
                                   ? static_cast<Clock*>(&counter_)
                                   : &inverted_,
                      .poller = &poller_});
      GreenPool pool;
      pool_ = &pool;
      body(*this);
      try {
        pool.WaitAll();
      } catch (const HubStopped&) {
      }
    });
  }

  // To be called by `body`: a green thread that sleeps, `times` in a row.
  void SpawnSleeper(std::string who, absl::Duration duration, int times = 1) {
    pool_->SpawnN([this, who, duration, times] {
      for (int i = 0; i < times; ++i) {
        const int64_t slept_at = counter_.ticks();
        Sleep(duration);
        wakes_.push_back({who, slept_at, counter_.ticks()});
      }
    });
  }

  const std::vector<Wake>& wakes() const { return wakes_; }
  int64_t ticks() const { return counter_.ticks(); }

  std::string Order() const {
    return absl::StrJoin(wakes_, " ", [](std::string* out, const Wake& wake) {
      absl::StrAppend(out, wake.who);
    });
  }

 private:
  SimulatedClock counter_;
  InvertedClock inverted_;
  SimulatedPoller poller_;
  Conversion conversion_;
  GreenPool* pool_ = nullptr;
  std::vector<Wake> wakes_;
};

// What a right clock shows at `tick`, from the definition.
Int128 RightNow(int64_t tick, Timebase timebase) {
  return Int128{tick} * timebase.numer() / timebase.denom();
}

Check OrderIs(const World& world, const std::string& expected) {
  if (world.Order() == expected) return AssertionSuccess();
  return AssertionFailure() << "woke: " << world.Order();
}

Check WakesInDeadlineOrder(Timebase timebase, Conversion conversion) {
  World world(timebase, conversion, 0);
  world.Run([](World& w) {
    w.SpawnSleeper("9s", absl::Seconds(9));
    w.SpawnSleeper("6s", absl::Seconds(6));
    w.SpawnSleeper("5s", absl::Seconds(5));
    w.SpawnSleeper("7s", absl::Seconds(7));
  });
  return OrderIs(world, "5s 6s 7s 9s");
}

Check WakesInInsertionOrderAtOneDeadline(Timebase timebase,
                                         Conversion conversion) {
  World world(timebase, conversion, 0);
  world.Run([](World& w) {
    for (int i = 0; i < 10; ++i) {
      w.SpawnSleeper(absl::StrCat(i), absl::Seconds(5));
    }
  });
  return OrderIs(world, "0 1 2 3 4 5 6 7 8 9");
}

Check InterleavesAsTheSeedProgram(Timebase timebase, Conversion conversion) {
  World world(timebase, conversion, 0);
  world.Run([](World& w) {
    w.SpawnSleeper("foo", absl::Seconds(5), 4);
    w.SpawnSleeper("bar", absl::Seconds(5), 4);
  });
  return OrderIs(world, "foo bar foo bar foo bar foo bar");
}

// Every sleeper wakes on the first tick at which a right clock shows that its
// time has passed: not one earlier, not one later.
Check WakesOnTheExactTick(Timebase timebase, Conversion conversion) {
  // From boot, in the middle of a microsecond, and after ten years.
  for (const int64_t start_tick : {int64_t{0}, int64_t{100'001},
                                   int64_t{10 * 365 * 86'400} * 24'000'000}) {
    World world(timebase, conversion, start_tick);
    world.Run([](World& w) {
      for (const absl::Duration duration :
           {absl::Seconds(5), absl::Nanoseconds(5'000'000'001),
            absl::Nanoseconds(5'123'456'789), absl::Minutes(59)}) {
        w.SpawnSleeper(absl::FormatDuration(duration), duration);
      }
    });
    if (world.wakes().size() != 4) {
      return AssertionFailure() << world.wakes().size() << " of 4 woke";
    }
    for (const Wake& wake : world.wakes()) {
      absl::Duration duration;
      if (!absl::ParseDuration(wake.who, &duration)) {
        return AssertionFailure() << "not a duration: " << wake.who;
      }
      const Int128 due_ns = RightNow(wake.slept_at_tick, timebase) +
                            absl::ToInt64Nanoseconds(duration);
      if (RightNow(wake.woke_at_tick, timebase) < due_ns) {
        return AssertionFailure() << wake.who << " woke early";
      }
      if (RightNow(wake.woke_at_tick - 1, timebase) >= due_ns) {
        return AssertionFailure() << wake.who << " woke late";
      }
    }
  }
  return AssertionSuccess();
}

using ScheduleCheck = Check (*)(Timebase, Conversion);

constexpr ScheduleCheck kAllChecks[] = {
    WakesInDeadlineOrder,
    WakesInInsertionOrderAtOneDeadline,
    InterleavesAsTheSeedProgram,
    WakesOnTheExactTick,
};

class SleepScheduling : public testing::TestWithParam<Timebase> {};

TEST_P(SleepScheduling, WakesInDeadlineOrder) {
  EXPECT_TRUE(WakesInDeadlineOrder(GetParam(), Conversion::kRight));
}

TEST_P(SleepScheduling, WakesInInsertionOrderAtOneDeadline) {
  EXPECT_TRUE(
      WakesInInsertionOrderAtOneDeadline(GetParam(), Conversion::kRight));
}

TEST_P(SleepScheduling, InterleavesAsTheSeedProgram) {
  EXPECT_TRUE(InterleavesAsTheSeedProgram(GetParam(), Conversion::kRight));
}

TEST_P(SleepScheduling, WakesOnTheExactTick) {
  EXPECT_TRUE(WakesOnTheExactTick(GetParam(), Conversion::kRight));
}

std::string TimebaseName(const testing::TestParamInfo<Timebase>& info) {
  return absl::StrCat(info.param.numer(), "_over_", info.param.denom());
}

INSTANTIATE_TEST_SUITE_P(Timebases, SleepScheduling,
                         testing::Values(Timebase(1, 1), Timebase(125, 3),
                                         Timebase(1000000000, 33333335),
                                         Timebase(625, 12)),
                         TimebaseName);

class InvertedConversion : public testing::TestWithParam<Timebase> {};

TEST_P(InvertedConversion, FailsEveryCheck) {
  for (const ScheduleCheck check : kAllChecks) {
    EXPECT_FALSE(check(GetParam(), Conversion::kInverted));
  }
}

TEST_P(InvertedConversion, NoTimerComesDueInAnHour) {
  World world(GetParam(), Conversion::kInverted, 0);
  world.Run([](World& w) {
    w.SpawnSleeper("foo", absl::Seconds(5));
    w.SpawnSleeper("bar", absl::Seconds(5));
  });
  EXPECT_EQ(world.Order(), "");
  EXPECT_GE(RightNow(world.ticks(), GetParam()),
            absl::ToInt64Nanoseconds(absl::Hours(1)));
}

INSTANTIATE_TEST_SUITE_P(Timebases, InvertedConversion,
                         testing::Values(Timebase(125, 3),
                                         Timebase(1000000000, 33333335),
                                         Timebase(625, 12)),
                         TimebaseName);

TEST(InvertedConversionOnIntel, NobodySeesIt) {
  for (const ScheduleCheck check : kAllChecks) {
    EXPECT_TRUE(check(Timebase(1, 1), Conversion::kInverted));
  }
}

TEST(InvertedConversionOnAppleSilicon, TwoSecondsTakeAbout58Minutes) {
  World world(Timebase(125, 3), Conversion::kInverted, 0);
  world.Run([](World& w) { w.SpawnSleeper("foo", absl::Seconds(2)); });
  ASSERT_EQ(world.wakes().size(), 1u);
  const double minutes = static_cast<double>(RightNow(
                             world.wakes()[0].woke_at_tick, Timebase(125, 3))) /
                         60e9;
  EXPECT_NEAR(minutes, 57.9, 0.1);
}

TEST(CancelledTimers, DoNotPileUp) {
  InSimulatedTime([](SimulatedTime&) {
    Hub& hub = Hub::Current();
    for (int i = 0; i < 1000; ++i) {
      const ScheduledCall call = hub.CallAfter(absl::Hours(1), [] {});
      // Half of them after the loop has seen them.
      if (i % 2 == 0) Yield();
      EXPECT_TRUE(hub.Cancel(call));
      EXPECT_EQ(hub.Stats().timers, 0u);
    }
  });
}

}  // namespace
}  // namespace green
