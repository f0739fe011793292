#include "model/diagnosis.h"

namespace hubspy {

absl::string_view VerdictName(VerdictKind kind) {
  switch (kind) {
    case VerdictKind::kHealthy:
      return "healthy";
    case VerdictKind::kClockRate:
      return "clock_rate";
    case VerdictKind::kNotYielding:
      return "not_yielding";
    case VerdictKind::kBlockingCall:
      return "blocking_call";
    case VerdictKind::kDeadlock:
      return "deadlock";
    case VerdictKind::kStopped:
      return "stopped";
  }
  return "unknown";
}

absl::string_view ClockCauseName(ClockCause cause) {
  switch (cause) {
    case ClockCause::kInverted:
      return "inverted";
    case ClockCause::kTakenAsOne:
      return "taken_as_1_1";
    case ClockCause::kTruncated:
      return "truncated";
    case ClockCause::kTickRate:
      return "tick_rate";
    case ClockCause::kOther:
      return "other";
  }
  return "unknown";
}

}  // namespace hubspy
