// A hub's own time, which may go wrong, in real time.
//
//   const HubTime time(hub, now_real_ns);
//   time.RealUntilNs(*green.deadline_ns)   // negative: it is overdue
//
// A clock that is right, or cannot be judged yet, is taken to go at a rate
// of 1.
#ifndef HUBSPY_DIAGNOSE_HUB_TIME_H_
#define HUBSPY_DIAGNOSE_HUB_TIME_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "model/diagnosis.h"
#include "model/hub.h"

namespace hubspy {

class HubTime {
 public:
  // `now_real_ns`: CLOCK_MONOTONIC.
  HubTime(const HubView& hub, int64_t now_real_ns);
  // Where more than this view tells what is wrong with the clock, if anything.
  HubTime(const HubView& hub, int64_t now_real_ns,
          const std::optional<ClockEvidence>& fault);

  // Hub seconds per real second; of one that was stepped, but for that.
  double rate() const { return rate_; }

  // How much later than now it will be `at_ns` by the hub's clock: by that
  // clock, and in truth. nullopt: never, because it stands still. Within
  // +-9e18.
  double HubUntilNs(int64_t at_ns) const;
  std::optional<int64_t> RealUntilNs(int64_t at_ns) const;

  // How long it has not been `at_ns` any more, in truth; at least 0.
  std::optional<int64_t> RealSinceNs(int64_t at_ns) const;

 private:
  double rate_;
  double now_ns_;  // by the hub's clock
};

// Of a process that has ended: the latest CLOCK_MONOTONIC that its hubs know
// of; INT64_MIN without any.
int64_t LatestRealNs(const std::vector<HubView>& hubs);

}  // namespace hubspy

#endif  // HUBSPY_DIAGNOSE_HUB_TIME_H_
