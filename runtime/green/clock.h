// Where a hub takes its time from.
//
// A clock is read whole: the counter's ticks, how long a tick lasts, and the
// nanoseconds that the clock makes of both, all of one instant. The hub decides
// by `now_ns` alone what is due; it publishes all three, so that an observer
// can tell a clock whose conversion is wrong from one that is right.
//
// The surprising part: hub time need not be real time. A hub believes its
// clock, which is how tests run an hour of sleeping in a millisecond.
#ifndef GREEN_CLOCK_H_
#define GREEN_CLOCK_H_

#include <cstdint>

#include "green/timebase.h"

namespace green {

struct ClockReading {
  int64_t ticks = 0;
  Timebase timebase;
  int64_t now_ns = 0;
};

class Clock {
 public:
  virtual ~Clock() = default;

  // Called by the hub's thread at least once a turn of its loop. Must not
  // throw, block, or go backwards.
  virtual ClockReading Read() = 0;
};

// The machine's monotonic time since boot, in nanoseconds: CLOCK_MONOTONIC, on
// macOS CLOCK_UPTIME_RAW, neither of which counts while the machine sleeps.
int64_t MonotonicNanoseconds();

// The clock of a hub that is given no other.
class MonotonicClock final : public Clock {
 public:
  ClockReading Read() override;
};

// A counter with a tick of one's choice, rightly converted. It counts either
// along with the machine's monotonic time, from 0 at boot as real counters do,
// or only when told to.
class SimulatedClock final : public Clock {
 public:
  static SimulatedClock OnRealTime(Timebase timebase);
  static SimulatedClock ByHand(Timebase timebase, int64_t ticks);

  ClockReading Read() override;

  int64_t ticks() const;
  Timebase timebase() const { return timebase_; }

  // Moves a clock that goes by hand forward to `ticks`. Throws
  // std::logic_error when the clock goes by itself or `ticks` lies in the past.
  void AdvanceTo(int64_t ticks);

 private:
  enum class Drive { kRealTime, kByHand };

  SimulatedClock(Drive drive, Timebase timebase, int64_t ticks)
      : drive_(drive), timebase_(timebase), ticks_(ticks) {}

  Drive drive_;
  Timebase timebase_;
  int64_t ticks_;
};

}  // namespace green

#endif  // GREEN_CLOCK_H_
