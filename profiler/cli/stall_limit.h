// What `record --stalls` takes.
#ifndef HUBSPY_CLI_STALL_LIMIT_H_
#define HUBSPY_CLI_STALL_LIMIT_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cli/parse_time.h"

namespace hubspy {

// A time (ParseTime). A stall that is
// shorter than a millisecond cannot be told from a thread that was moved to
// another CPU; nobody waits for a day.
inline std::optional<absl::Duration> ParseStallLimit(const std::string& text) {
  const std::optional<absl::Duration> limit = ParseTime(text);
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
      "stalls are written as flat, flamegraph, raw, pprof or hubspy: add -f "
      "with one of these");
}

}  // namespace hubspy

#endif  // HUBSPY_CLI_STALL_LIMIT_H_
