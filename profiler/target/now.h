#ifndef HUBSPY_TARGET_NOW_H_
#define HUBSPY_TARGET_NOW_H_

#include <cstdint>

namespace hubspy {

inline constexpr int64_t kSecondNs = 1'000'000'000;

// The clock that the runtime publishes as real time: CLOCK_MONOTONIC, on macOS
// CLOCK_UPTIME_RAW, which unlike that system's CLOCK_MONOTONIC does not count
// while the machine sleeps.
int64_t NowNs();

}  // namespace hubspy

#endif  // HUBSPY_TARGET_NOW_H_
