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
    case VerdictKind::kBusyLoop:
      return "busy_loop";
    case VerdictKind::kCpuStarved:
      return "cpu_starved";
    case VerdictKind::kLostWakeup:
      return "lost_wakeup";
    case VerdictKind::kStopped:
      return "stopped";
  }
  return "unknown";
}

absl::string_view StopCauseName(StopCause cause) {
  switch (cause) {
    case StopCause::kSignal:
      return "signal";
    case StopCause::kTracer:
      return "tracer";
    case StopCause::kCgroup:
      return "cgroup";
  }
  return "unknown";
}

absl::string_view LostWhatName(LostWhat what) {
  switch (what) {
    case LostWhat::kFdReady:
      return "fd_ready";
    case LostWhat::kFdClosed:
      return "fd_closed";
    case LostWhat::kTimer:
      return "timer";
    case LostWhat::kObject:
      return "object";
  }
  return "unknown";
}

absl::string_view WakerName(Waker waker) {
  switch (waker) {
    case Waker::kYields:
      return "yields";
    case Waker::kTimer:
      return "timer";
    case Waker::kFd:
      return "fd";
    case Waker::kCallbacks:
      return "callbacks";
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
    case ClockCause::kStepped:
      return "stepped";
    case ClockCause::kOther:
      return "other";
  }
  return "unknown";
}

}  // namespace hubspy
