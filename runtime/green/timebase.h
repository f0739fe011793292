// How long a counter's tick lasts: numer / denom nanoseconds, as a fraction.
//
//   constexpr green::Timebase kAppleSilicon(125, 3);
//   kAppleSilicon.ToNanoseconds(24'000'000) == 1'000'000'000
//
// Conversions are exact (rounded down to a whole nanosecond, or up to a whole
// tick), monotone, and saturate instead of overflowing.
//
// The surprising part: on most machines numer == denom == 1 and a conversion
// that is upside down goes unnoticed. It is ticks * numer / denom, never
// ticks / (numer / denom).
#ifndef GREEN_TIMEBASE_H_
#define GREEN_TIMEBASE_H_

#include <cstdint>
#include <limits>
#include <stdexcept>

namespace green {

class Timebase {
 public:
  // One tick is one nanosecond.
  constexpr Timebase() = default;

  // Throws std::invalid_argument when either is 0.
  constexpr Timebase(uint32_t numer, uint32_t denom)
      : numer_(numer), denom_(denom) {
    if (numer == 0 || denom == 0) {
      throw std::invalid_argument(
          "green::Timebase: numerator and denominator must not be 0");
    }
  }

  constexpr uint32_t numer() const { return numer_; }
  constexpr uint32_t denom() const { return denom_; }

  // floor(ticks * numer / denom).
  constexpr int64_t ToNanoseconds(int64_t ticks) const {
    return Scale(ticks, numer_, denom_, 0);
  }

  // The first tick at which ToNanoseconds() is at least `ns`:
  // ceil(ns * denom / numer).
  constexpr int64_t FirstTickAt(int64_t ns) const {
    return Scale(ns, denom_, numer_, numer_ - 1);
  }

  friend constexpr bool operator==(const Timebase&, const Timebase&) = default;

 private:
  // floor((value * multiplier + round_up_by) / divisor), saturated, where
  // round_up_by < divisor. Splitting value into a quotient and a rest keeps
  // all of the 128 bit product's precision in 64 bit arithmetic: |rest| <
  // divisor, so |rest| * multiplier + divisor < 2^64.
  static constexpr int64_t Scale(int64_t value, uint32_t multiplier,
                                 uint32_t divisor, uint32_t round_up_by) {
    const int64_t quotient = value / int64_t{divisor};
    const int64_t rest = value % int64_t{divisor};
    const int64_t saturated = value < 0 ? std::numeric_limits<int64_t>::min()
                                        : std::numeric_limits<int64_t>::max();
    int64_t scaled = 0;
    if (__builtin_mul_overflow(quotient, int64_t{multiplier}, &scaled)) {
      return saturated;
    }
    int64_t scaled_rest = 0;
    if (rest >= 0) {
      const uint64_t product = static_cast<uint64_t>(rest) * multiplier;
      scaled_rest = static_cast<int64_t>((product + round_up_by) / divisor);
    } else {
      const uint64_t product = static_cast<uint64_t>(-rest) * multiplier;
      scaled_rest = -static_cast<int64_t>(
          (product + (divisor - 1 - round_up_by)) / divisor);
    }
    if (__builtin_add_overflow(scaled, scaled_rest, &scaled)) return saturated;
    return scaled;
  }

  uint32_t numer_ = 1;
  uint32_t denom_ = 1;
};

}  // namespace green

#endif  // GREEN_TIMEBASE_H_
