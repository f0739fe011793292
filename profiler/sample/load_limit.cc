#include "sample/load_limit.h"

#include <algorithm>
#include <cmath>

namespace hubspy {
namespace {

// Two digits, so that it reads as what it is: about so often.
double RoundedDown(double rate_hz) {
  const double unit = std::pow(10, std::floor(std::log10(rate_hz)) - 1);
  return std::floor(rate_hz / unit) * unit;
}

}  // namespace

std::optional<RateLowered> LoadLimit::Note(int64_t begin_ns, int64_t end_ns) {
  ++looks_;
  looking_ns_ += std::max<int64_t>(0, end_ns - begin_ns);
  const int64_t window_ns = end_ns - window_begin_ns_;
  if (window_ns < kWindowNs) return std::nullopt;

  const double share =
      static_cast<double>(looking_ns_) / static_cast<double>(window_ns);
  const int64_t look_ns = std::max<int64_t>(1, looking_ns_ / looks_);
  window_begin_ns_ = end_ns;
  looks_ = looking_ns_ = 0;
  full_windows_ = share > kMost ? full_windows_ + 1 : 0;
  if (full_windows_ < kWindows) return std::nullopt;
  full_windows_ = 0;

  const double to_hz = std::max(
      kLeastHz, RoundedDown(kRoom * 1e9 / static_cast<double>(look_ns)));
  if (to_hz >= rate_hz_) return std::nullopt;
  const RateLowered lowered{
      .from_hz = rate_hz_, .to_hz = to_hz, .look_ns = look_ns};
  rate_hz_ = to_hz;
  return lowered;
}

}  // namespace hubspy
