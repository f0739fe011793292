#include "sample/pacer.h"

#include <algorithm>

namespace hubspy {

Pacer::Pacer(double rate_hz, uint64_t seed, int64_t now_ns)
    : period_ns_(std::max<int64_t>(1, static_cast<int64_t>(1e9 / rate_hz))),
      random_(seed),
      interval_(1.0),
      due_ns_(now_ns) {
  due_ns_ += NextInterval();
}

int64_t Pacer::NextInterval() {
  return std::max<int64_t>(
      1, static_cast<int64_t>(interval_(random_) * period_ns_));
}

Pacer::Tick Pacer::Take(int64_t now_ns) {
  Tick tick{.covers = 1, .late_ns = std::max<int64_t>(0, now_ns - due_ns_)};
  if (tick.late_ns > kLongestGapNs) {
    due_ns_ = now_ns + NextInterval();
    return tick;
  }
  due_ns_ += NextInterval();
  while (due_ns_ <= now_ns) {
    ++tick.covers;
    due_ns_ += NextInterval();
  }
  return tick;
}

}  // namespace hubspy
