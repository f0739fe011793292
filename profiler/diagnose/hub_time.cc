#include "diagnose/hub_time.h"

#include <algorithm>

#include "diagnose/diagnose.h"

namespace hubspy {
namespace {

// In double, and then within what an int64_t holds: what a hostile target says
// may differ by more.
constexpr double kMostNs = 9e18;

}  // namespace

HubTime::HubTime(const HubView& hub, int64_t now_real_ns)
    : HubTime(hub, now_real_ns, FindClockFault(hub)) {}

HubTime::HubTime(const HubView& hub, int64_t now_real_ns,
                 const std::optional<ClockEvidence>& fault)
    : rate_(fault && fault->cause != ClockCause::kStepped ? fault->rate : 1) {
  const double since_read_ns =
      std::max(0.0, static_cast<double>(now_real_ns) -
                        static_cast<double>(hub.last.witness_real_ns));
  now_ns_ = static_cast<double>(hub.last.now_ns) + since_read_ns * rate_;
}

double HubTime::HubUntilNs(int64_t at_ns) const {
  return std::clamp(static_cast<double>(at_ns) - now_ns_, -kMostNs, kMostNs);
}

std::optional<int64_t> HubTime::RealUntilNs(int64_t at_ns) const {
  if (rate_ <= 0) return std::nullopt;
  return static_cast<int64_t>(
      std::clamp(HubUntilNs(at_ns) / rate_, -kMostNs, kMostNs));
}

std::optional<int64_t> HubTime::RealSinceNs(int64_t at_ns) const {
  const std::optional<int64_t> until = RealUntilNs(at_ns);
  if (!until) return std::nullopt;
  return std::max<int64_t>(0, -*until);
}

int64_t LatestRealNs(const std::vector<HubView>& hubs) {
  int64_t latest_ns = INT64_MIN;
  for (const HubView& hub : hubs) {
    latest_ns = std::max(
        {latest_ns, hub.last.witness_real_ns, hub.poll_entered_real_ns});
  }
  return latest_ns;
}

}  // namespace hubspy
