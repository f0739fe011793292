#include "green/clock.h"

#include <stdexcept>

namespace green {

SimulatedClock SimulatedClock::OnRealTime(Timebase timebase) {
  return SimulatedClock(Drive::kRealTime, timebase, 0);
}

SimulatedClock SimulatedClock::ByHand(Timebase timebase, int64_t ticks) {
  return SimulatedClock(Drive::kByHand, timebase, ticks);
}

int64_t SimulatedClock::ticks() const {
  // Rounding down as a counter does is converting with the fraction turned
  // over: nanoseconds are the ticks of a counter of denom / numer.
  return drive_ == Drive::kByHand
             ? ticks_
             : Timebase(timebase_.denom(), timebase_.numer())
                   .ToNanoseconds(MonotonicNanoseconds());
}

ClockReading SimulatedClock::Read() {
  const int64_t now_ticks = ticks();
  return {.ticks = now_ticks,
          .timebase = timebase_,
          .now_ns = timebase_.ToNanoseconds(now_ticks)};
}

void SimulatedClock::AdvanceTo(int64_t ticks) {
  if (drive_ != Drive::kByHand) {
    throw std::logic_error(
        "green::SimulatedClock::AdvanceTo: this clock goes by itself");
  }
  if (ticks < ticks_) {
    throw std::logic_error(
        "green::SimulatedClock::AdvanceTo: a clock does not go backwards");
  }
  ticks_ = ticks;
}

}  // namespace green
