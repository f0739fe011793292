#include "sample/pacer.h"

#include <algorithm>

namespace hubspy {

Pacer::Pacer(double rate_hz, uint64_t seed, int64_t now_ns)
    : period_ns_(1e9 / rate_hz), random_(seed), begin_ns_(now_ns), next_(-1) {
  Advance();
}

void Pacer::Advance() {
  ++next_;
  const double into_period =
      std::uniform_real_distribution<double>(0, 1)(random_);
  due_ns_ =
      begin_ns_ + static_cast<int64_t>(
                      (static_cast<double>(next_) + into_period) * period_ns_);
}

Pacer::Tick Pacer::Take(int64_t now_ns) {
  Tick tick{.late_ns = std::max<int64_t>(0, now_ns - due_ns_)};
  if (tick.late_ns > kLongestGapNs) {
    begin_ns_ = now_ns;
    next_ = 0;
  }
  const auto count_late = [&] {
    if (now_ns - due_ns_ > period_ns()) ++tick.late;
  };
  count_late();
  Advance();
  while (due_ns_ <= now_ns) {
    ++tick.covers;
    count_late();
    Advance();
  }
  return tick;
}

void Pacer::ChangeRate(double rate_hz, int64_t now_ns) {
  period_ns_ = 1e9 / rate_hz;
  begin_ns_ = now_ns;
  next_ = -1;
  Advance();
}

}  // namespace hubspy
