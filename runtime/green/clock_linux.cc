#include <time.h>

#include "green/clock.h"

namespace green {

int64_t MonotonicNanoseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

ClockReading MonotonicClock::Read() {
  const int64_t now_ns = MonotonicNanoseconds();
  return {.ticks = now_ns, .timebase = Timebase(), .now_ns = now_ns};
}

}  // namespace green
