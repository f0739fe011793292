// When to look next.
//
//   Pacer pacer(100, seed, now_ns);
//   wait until pacer.due_ns(); look();
//   Pacer::Tick tick = pacer.Take(now_ns);   // tick.covers looks were due
//
// Each period has one look, at a random instant of it: a loop with the
// sampler's own period is caught at every phase alike, and still there are
// exactly as many looks as periods, so that samples add up to time. (Intervals
// drawn from an exponential distribution are as irregular, but their number is
// off by its square root: 10 % in a second at 100 Hz.)
//
// The surprising part: a look that comes late stands for every look that was
// due before it. After a gap of more than kLongestGapNs (the machine slept) the
// schedule starts over instead.
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
    int64_t late = 0;    // how many of them were due over one period ago
    int64_t late_ns = 0;  // how long ago the first of them was due
  };

  // 0 < rate_hz. Times are on any one monotonic clock, in nanoseconds.
  Pacer(double rate_hz, uint64_t seed, int64_t now_ns);

  int64_t due_ns() const { return due_ns_; }
  int64_t period_ns() const { return static_cast<int64_t>(period_ns_); }

  // From the next period on, which begins at `now_ns`.
  void ChangeRate(double rate_hz, int64_t now_ns);

  // Called for a look that happens at `now_ns`, not before due_ns().
  Tick Take(int64_t now_ns);

 private:
  // Takes up the next period.
  void Advance();

  double period_ns_;
  std::mt19937_64 random_;
  int64_t begin_ns_;  // of period 0
  int64_t next_ = 0;  // the period that due_ns_ lies in
  int64_t due_ns_ = 0;
};

}  // namespace hubspy

#endif  // HUBSPY_SAMPLE_PACER_H_
