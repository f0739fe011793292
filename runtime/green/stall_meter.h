// Tells from looks at a hub now and then that its loop does not move, and for
// how long; and how often a person should be told.
//
// The surprising part: time between two looks counts only as far as looks are
// meant to be apart. A process that was stopped (SIGSTOP, a debugger, a laptop
// that slept) has not been held by anybody.
#ifndef GREEN_STALL_METER_H_
#define GREEN_STALL_METER_H_

#include <algorithm>
#include <cstdint>
#include <optional>

namespace green::internal {

class StallMeter {
 public:
  // Both above 0. Looks should come every `look_every_ns`.
  StallMeter(int64_t limit_ns, int64_t look_every_ns)
      : limit_ns_(limit_ns), look_every_ns_(look_every_ns) {}

  struct Look {
    int64_t now_ns;     // real time
    uint64_t progress;  // differs when the loop has moved
    bool is_running;    // not waiting for events, and not stopped
  };

  // kNone: the loop moves, or has not been held for long enough, or that it is
  // held was said before.
  enum class Finding { kNone, kStalls, kStallEnded };
  Finding At(const Look& look) {
    const int64_t passed_ns = look.now_ns - last_ns_;
    const bool has_moved = !look.is_running || look.progress != progress_;
    last_ns_ = look.now_ns;
    progress_ = look.progress;
    if (has_moved) {
      const bool stalled = held_ns_ >= limit_ns_;
      ended_ns_ = held_ns_;
      held_ns_ = 0;
      return stalled ? Finding::kStallEnded : Finding::kNone;
    }
    const bool stalled_before = held_ns_ >= limit_ns_;
    held_ns_ += std::clamp<int64_t>(passed_ns, 0, 2 * look_every_ns_);
    return !stalled_before && held_ns_ >= limit_ns_ ? Finding::kStalls
                                                    : Finding::kNone;
  }

  int64_t held_ns() const { return held_ns_; }
  int64_t ended_ns() const { return ended_ns_; }  // after kStallEnded

 private:
  int64_t limit_ns_;
  int64_t look_every_ns_;
  int64_t last_ns_ = 0;
  uint64_t progress_ = UINT64_MAX;
  int64_t held_ns_ = 0;
  int64_t ended_ns_ = 0;
};

// Lets through a few in each minute, and counts the rest.
class ReportLimit {
 public:
  explicit ReportLimit(int per_minute) : per_minute_(per_minute) {}

  // How many were held back since the last one that passed; nullopt: this one
  // is held back, too.
  std::optional<uint64_t> Pass(int64_t now_ns) {
    if (!began_ns_.has_value() || now_ns - *began_ns_ >= kMinuteNs) {
      began_ns_ = now_ns;
      passed_ = 0;
    }
    if (passed_ == per_minute_) {
      ++held_back_;
      return std::nullopt;
    }
    ++passed_;
    const uint64_t held_back = held_back_;
    held_back_ = 0;
    return held_back;
  }

 private:
  static constexpr int64_t kMinuteNs = 60'000'000'000;

  int per_minute_;
  int passed_ = 0;
  uint64_t held_back_ = 0;
  std::optional<int64_t> began_ns_;
};

}  // namespace green::internal

#endif  // GREEN_STALL_METER_H_
