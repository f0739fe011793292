// Times on the command line: "10s", "1m30s", "100ms", or a number of seconds.
#ifndef HUBSPY_CLI_PARSE_TIME_H_
#define HUBSPY_CLI_PARSE_TIME_H_

#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/time/time.h"

namespace hubspy {

// nullopt: it is no such text, or below 0, or above a century.
inline std::optional<absl::Duration> ParseTime(const std::string& text) {
  absl::Duration time;
  double seconds = 0;
  if (absl::SimpleAtod(text, &seconds)) {
    time = absl::Seconds(seconds);
  } else if (!absl::ParseDuration(text, &time)) {
    return std::nullopt;
  }
  if (time < absl::ZeroDuration() || time > absl::Hours(24 * 36525)) {
    return std::nullopt;
  }
  return time;
}

}  // namespace hubspy

#endif  // HUBSPY_CLI_PARSE_TIME_H_
