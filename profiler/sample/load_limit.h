// Lowers a rate that cannot be held: pure, told how long looks take.
//
//   LoadLimit limit(rate_hz, now_ns);
//   look();
//   if (auto lower = limit.Note(begin_ns, end_ns)) use(lower->to_hz);
//
// A look at a process of many threads, or at a very deep stack, may take longer
// than the time to the next. Who goes on all the same has looks that are late,
// and a core for himself. So once looking has taken most of the time for a
// while, the rate becomes one at which it takes half of it.
//
// It is never raised again: what is lowered once is said once.
//
// The surprising part: what counts is the time that looks take, not that they
// come late. Those that the machine's other load makes late come late at any
// rate: they are counted, and that is all that can be done.
#ifndef HUBSPY_SAMPLE_LOAD_LIMIT_H_
#define HUBSPY_SAMPLE_LOAD_LIMIT_H_

#include <cstdint>
#include <optional>

namespace hubspy {

struct RateLowered {
  double from_hz = 0;
  double to_hz = 0;
  int64_t look_ns = 0;  // how long one took, on average
};

class LoadLimit {
 public:
  static constexpr int64_t kWindowNs = 500'000'000;
  // So many windows in a row must be too full: a machine that stood still for a
  // moment, in the midst of a look, does not decide.
  static constexpr int kWindows = 2;
  static constexpr double kMost = 0.7;  // of the time, spent looking
  static constexpr double kRoom = 0.5;  // the same, at the lower rate
  // Below this nothing is gained: such looks are not late because of the rate.
  static constexpr double kLeastHz = 1;

  LoadLimit(double rate_hz, int64_t now_ns)
      : rate_hz_(rate_hz), window_begin_ns_(now_ns) {}

  // Takes note of a look. Times are on one monotonic clock.
  std::optional<RateLowered> Note(int64_t begin_ns, int64_t end_ns);

 private:
  double rate_hz_;
  int64_t window_begin_ns_;
  int64_t looks_ = 0;  // in this window
  int64_t looking_ns_ = 0;
  int full_windows_ = 0;  // in a row
};

}  // namespace hubspy

#endif  // HUBSPY_SAMPLE_LOAD_LIMIT_H_
