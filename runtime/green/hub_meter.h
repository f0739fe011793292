// How a hub's time divides: between two looks at its poller it is busy, in the
// poller it is polling or idle. Every instant is one of the three, so they add
// up to the hub's age.
#ifndef GREEN_HUB_METER_H_
#define GREEN_HUB_METER_H_

#include <algorithm>
#include <cstdint>

namespace green::internal {

class HubMeter {
 public:
  explicit HubMeter(int64_t now_ns) : since_ns_(now_ns) {}

  void BeginPoll(int64_t now_ns) {
    longest_busy_ns_ = std::max(longest_busy_ns_, now_ns - since_ns_);
    busy_ns_ += now_ns - since_ns_;
    since_ns_ = now_ns;
  }

  enum class PollKind { kLooked, kWaited };
  void EndPoll(int64_t now_ns, PollKind kind) {
    (kind == PollKind::kWaited ? idle_ns_ : polling_ns_) += now_ns - since_ns_;
    since_ns_ = now_ns;
  }

  // While it is not in the poller.
  int64_t BusyNs(int64_t now_ns) const { return busy_ns_ + now_ns - since_ns_; }
  int64_t LongestBusyNs(int64_t now_ns) const {
    return std::max(longest_busy_ns_, now_ns - since_ns_);
  }
  int64_t polling_ns() const { return polling_ns_; }
  int64_t idle_ns() const { return idle_ns_; }

 private:
  int64_t since_ns_;  // when it began to be what it is
  int64_t busy_ns_ = 0;
  int64_t polling_ns_ = 0;
  int64_t idle_ns_ = 0;
  int64_t longest_busy_ns_ = 0;
};

}  // namespace green::internal

#endif  // GREEN_HUB_METER_H_
