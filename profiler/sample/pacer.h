// When to look next.
//
//   Pacer pacer(100, seed, now_ns);
//   wait until pacer.due_ns(); look();
//   Pacer::Tick tick = pacer.Take(now_ns);   // tick.covers looks were due
//
// The intervals are exponentially distributed around the rate (a Poisson
// process), or a loop with the sampler's own period would be caught always, or
// never.
//
// The surprising part: a look that comes late stands for every look that was
// due before it, so that samples still add up to time. After a gap of more
// than kLongestGapNs (the machine slept) the schedule starts over instead.
#ifndef HUBSPY_SAMPLE_PACER_H_
#define HUBSPY_SAMPLE_PACER_H_

#include <cstdint>
#include <random>

namespace hubspy {

class Pacer {
 public:
  static constexpr int64_t kLongestGapNs = 1'000'000'000;

  struct Tick {
    int64_t covers = 1;  // scheduled looks that this one stands for; at least 1
    int64_t late_ns = 0;  // behind its own due time
  };

  // 0 < rate_hz. Times are on any one monotonic clock, in nanoseconds.
  Pacer(double rate_hz, uint64_t seed, int64_t now_ns);

  int64_t due_ns() const { return due_ns_; }
  int64_t period_ns() const { return period_ns_; }

  // Called for a look that happens at `now_ns`, not before due_ns().
  Tick Take(int64_t now_ns);

 private:
  int64_t NextInterval();

  int64_t period_ns_;
  std::mt19937_64 random_;
  std::exponential_distribution<double> interval_;
  int64_t due_ns_;
};

}  // namespace hubspy

#endif  // HUBSPY_SAMPLE_PACER_H_
