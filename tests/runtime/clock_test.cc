#include "green/clock.h"

#include <stdexcept>

#include "gtest/gtest.h"

namespace green {
namespace {

TEST(MonotonicClock, ReadsTheMachinesMonotonicTime) {
  MonotonicClock clock;
  const int64_t before = MonotonicNanoseconds();
  const ClockReading reading = clock.Read();
  const int64_t after = MonotonicNanoseconds();
  EXPECT_LE(before, reading.now_ns);
  EXPECT_LE(reading.now_ns, after);
  EXPECT_EQ(reading.ticks, reading.now_ns);
  EXPECT_EQ(reading.timebase, Timebase(1, 1));
}

TEST(SimulatedClock, GoesByHand) {
  SimulatedClock clock = SimulatedClock::ByHand(Timebase(125, 3), 3);
  EXPECT_EQ(clock.Read().now_ns, 125);
  clock.AdvanceTo(24'000'000);
  const ClockReading reading = clock.Read();
  EXPECT_EQ(reading.ticks, 24'000'000);
  EXPECT_EQ(reading.timebase, Timebase(125, 3));
  EXPECT_EQ(reading.now_ns, 1'000'000'000);
}

TEST(SimulatedClock, DoesNotGoBackwards) {
  SimulatedClock clock = SimulatedClock::ByHand(Timebase(), 10);
  EXPECT_THROW(clock.AdvanceTo(9), std::logic_error);
  EXPECT_EQ(clock.ticks(), 10);
}

TEST(SimulatedClock, GoesAlongWithRealTime) {
  SimulatedClock clock = SimulatedClock::OnRealTime(Timebase(125, 3));
  const int64_t before = MonotonicNanoseconds();
  const ClockReading reading = clock.Read();
  const int64_t after = MonotonicNanoseconds();
  // A tick is less than 42 ns, and a counter shows the last whole one.
  EXPECT_LE(before - 42, reading.now_ns);
  EXPECT_LE(reading.now_ns, after);
  EXPECT_THROW(clock.AdvanceTo(reading.ticks + 1'000'000), std::logic_error);
}

}  // namespace
}  // namespace green
