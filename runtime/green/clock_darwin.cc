#include <mach/mach_time.h>

#include "green/clock.h"

namespace green {
namespace {

// 125/3 on Apple silicon, 1/1 on Intel: as it is, never as a quotient. A
// machine keeps it until the next boot.
Timebase MachTimebase() {
  static const Timebase timebase = [] {
    mach_timebase_info_data_t info = {.numer = 1, .denom = 1};
    mach_timebase_info(&info);
    return Timebase(info.numer, info.denom);
  }();
  return timebase;
}

}  // namespace

int64_t MonotonicNanoseconds() {
  return MachTimebase().ToNanoseconds(
      static_cast<int64_t>(mach_absolute_time()));
}

ClockReading MonotonicClock::Read() {
  const Timebase timebase = MachTimebase();
  const auto ticks = static_cast<int64_t>(mach_absolute_time());
  return {.ticks = ticks,
          .timebase = timebase,
          .now_ns = timebase.ToNanoseconds(ticks)};
}

}  // namespace green
