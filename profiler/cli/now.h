#ifndef HUBSPY_CLI_NOW_H_
#define HUBSPY_CLI_NOW_H_

#include <chrono>
#include <cstdint>

namespace hubspy {

// CLOCK_MONOTONIC.
inline int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace hubspy

#endif  // HUBSPY_CLI_NOW_H_
