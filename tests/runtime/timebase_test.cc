#include "green/timebase.h"

#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "gtest/gtest.h"

namespace green {
namespace {

__extension__ typedef __int128 Int128;

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr uint32_t kMax32 = std::numeric_limits<uint32_t>::max();

// The definition, in 128 bits, independent of how Timebase computes it.
Int128 Floor(Int128 numer, Int128 denom) {
  return numer / denom - (numer % denom < 0 ? 1 : 0);
}

int64_t Saturate(Int128 value) {
  if (value > kMax) return kMax;
  if (value < kMin) return kMin;
  return static_cast<int64_t>(value);
}

int64_t ExactNanoseconds(int64_t ticks, Timebase timebase) {
  return Saturate(Floor(Int128{ticks} * timebase.numer(), timebase.denom()));
}

int64_t ExactFirstTick(int64_t ns, Timebase timebase) {
  return Saturate(-Floor(-(Int128{ns} * timebase.denom()), timebase.numer()));
}

const std::vector<Timebase>& Timebases() {
  static const std::vector<Timebase> timebases = {
      {1, 1},      {125, 3},         {1000000000, 33333335},
      {625, 12},   {3, 125},         {1, kMax32},
      {kMax32, 1}, {kMax32, kMax32}, {kMax32, kMax32 - 1}};
  return timebases;
}

std::vector<int64_t> Values() {
  std::vector<int64_t> values = {0,
                                 1,
                                 -1,
                                 2,
                                 -2,
                                 kMax,
                                 kMax - 1,
                                 kMin,
                                 kMin + 1,
                                 1 << 30,
                                 int64_t{1} << 53};
  std::mt19937_64 random(20170101);
  for (int bits = 1; bits < 64; ++bits) {
    for (int i = 0; i < 200; ++i) {
      const auto value = static_cast<int64_t>(random() >> (64 - bits));
      values.push_back(value);
      values.push_back(-value);
    }
  }
  return values;
}

TEST(Timebase, ConvertsAppleSiliconsTicks) {
  constexpr Timebase kTimebase(125, 3);
  static_assert(kTimebase.ToNanoseconds(24'000'000) == 1'000'000'000);
  EXPECT_EQ(kTimebase.ToNanoseconds(1), 41);
  EXPECT_EQ(kTimebase.ToNanoseconds(3), 125);
  EXPECT_EQ(kTimebase.FirstTickAt(41), 1);
  EXPECT_EQ(kTimebase.FirstTickAt(42), 2);
}

TEST(Timebase, ConvertsExactlyOrSaturates) {
  for (const Timebase timebase : Timebases()) {
    for (const int64_t value : Values()) {
      ASSERT_EQ(timebase.ToNanoseconds(value),
                ExactNanoseconds(value, timebase))
          << value << " ticks of " << timebase.numer() << "/"
          << timebase.denom();
      ASSERT_EQ(timebase.FirstTickAt(value), ExactFirstTick(value, timebase))
          << value << " ns of " << timebase.numer() << "/" << timebase.denom();
    }
  }
}

TEST(Timebase, IsMonotone) {
  for (const Timebase timebase : Timebases()) {
    for (const int64_t value : Values()) {
      if (value == kMax) continue;
      ASSERT_LE(timebase.ToNanoseconds(value),
                timebase.ToNanoseconds(value + 1));
      ASSERT_LE(timebase.FirstTickAt(value), timebase.FirstTickAt(value + 1));
    }
  }
}

TEST(Timebase, FirstTickIsTheFirst) {
  for (const Timebase timebase : Timebases()) {
    for (int64_t ns = -500; ns < 500; ++ns) {
      const int64_t tick = timebase.FirstTickAt(ns);
      ASSERT_GE(timebase.ToNanoseconds(tick), ns);
      ASSERT_LT(timebase.ToNanoseconds(tick - 1), ns);
    }
  }
}

TEST(Timebase, RefusesZero) {
  EXPECT_THROW(Timebase(0, 1), std::invalid_argument);
  EXPECT_THROW(Timebase(1, 0), std::invalid_argument);
  EXPECT_THROW(Timebase(0, 0), std::invalid_argument);
}

}  // namespace
}  // namespace green
