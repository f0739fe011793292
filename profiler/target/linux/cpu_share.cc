#include "target/linux/cpu_share.h"

#include <algorithm>
#include <cmath>

namespace hubspy {
namespace {

// In which an older time comes to count half.
constexpr double kHalfLifeNs = 100e6;
// A tick of a kernel that has the fewest, with some to spare: who has not been
// found to run for longer does not run.
constexpr int64_t kLongestTickNs = 15'000'000;

}  // namespace

ThreadState CpuShare::Next() {
  const double known_ns = run_ns_ + waited_ns_;
  owed_ += known_ns > 0 ? run_ns_ / known_ns : 1;
  if (owed_ < 0.5) return ThreadState::kRunnable;
  owed_ -= 1;
  return ThreadState::kRunning;
}

void CpuShare::Note(const ThreadSchedule& schedule, int64_t now_ns) {
  if (!latest_) {
    latest_ = schedule;
    latest_ns_ = unchanged_ns_ = now_ns;
    return;
  }
  const double kept =
      std::exp2(-static_cast<double>(now_ns - latest_ns_) / kHalfLifeNs);
  run_ns_ *= kept;
  waited_ns_ *= kept;
  latest_ns_ = now_ns;
  const int64_t ran_ns = schedule.run_ns - latest_->run_ns;
  const int64_t waited_ns = schedule.wait_ns - latest_->wait_ns;
  if (ran_ns == 0 && waited_ns == 0) {
    const auto ahead_ns =
        static_cast<double>(now_ns - unchanged_ns_ - kLongestTickNs);
    if (ahead_ns > ahead_ns_) {
      waited_ns_ += ahead_ns - ahead_ns_;
      ahead_ns_ = ahead_ns;
    }
    return;
  }
  latest_ = schedule;
  unchanged_ns_ = now_ns;
  run_ns_ += static_cast<double>(std::max<int64_t>(ran_ns, 0));
  waited_ns_ += std::max(0.0, static_cast<double>(waited_ns) - ahead_ns_);
  ahead_ns_ = 0;
}

}  // namespace hubspy
