// What `record --stalls` takes.
#ifndef HUBSPY_CLI_STALL_LIMIT_H_
#define HUBSPY_CLI_STALL_LIMIT_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/time/time.h"

namespace hubspy {

// "100ms", "1.5s", or a number of seconds, as -d takes it. A stall that is
// shorter than a millisecond cannot be told from a thread that was moved to
// another CPU; nobody waits for a day.
inline std::optional<absl::Duration> ParseStallLimit(const std::string& text) {
  absl::Duration limit;
  double seconds = 0;
  if (!absl::ParseDuration(text, &limit)) {
    if (!absl::SimpleAtod(text, &seconds) || !(seconds > 0)) {
      return std::nullopt;
    }
    limit = absl::Seconds(seconds);
  }
  if (limit < absl::Milliseconds(1) || limit > absl::Hours(24)) {
    return std::nullopt;
  }
  return limit;
}

inline std::string StallLimitProblem(const std::string& text) {
  if (ParseStallLimit(text)) return "";
  return "a stall lasts for 1ms to 24h: 100ms or 1.5s, say";
}

// Of a format that shows when each sample was taken.
inline absl::Status WrongForStalls() {
  return absl::InvalidArgumentError(
      "stalls are written as flat, flamegraph, raw or pprof: add -f with one "
      "of these");
}

}  // namespace hubspy

#endif  // HUBSPY_CLI_STALL_LIMIT_H_
