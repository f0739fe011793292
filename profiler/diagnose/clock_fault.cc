// Is the hub's clock right, and if not, what was done to it?
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "absl/types/span.h"
#include "diagnose/diagnose.h"
#include "diagnose/thresholds.h"

namespace hubspy {
namespace {

// In double: hostile readings may differ by more than an int64_t holds.
double Difference(int64_t later, int64_t earlier) {
  return static_cast<double>(later) - static_cast<double>(earlier);
}

double RealSpan(const HubView& hub) {
  return Difference(hub.last.witness_real_ns, hub.first.witness_real_ns);
}

// Whether two spans, measured over `real_span` of real time, may be the same.
bool Agree(double a, double b, double real_span) {
  const double tolerance =
      thresholds::kClockReadingErrorNs / real_span + thresholds::kClockDrift;
  return std::abs(a - b) <= tolerance * std::max(std::abs(a), std::abs(b));
}

ClockCause FindCause(const HubView& hub, double hub_span, double tick_span,
                     double real_span) {
  if (hub.timebase_numer == 0 || hub.timebase_denom == 0) {
    return ClockCause::kOther;
  }
  const double numer = hub.timebase_numer;
  const double denom = hub.timebase_denom;
  const double right = tick_span * numer / denom;
  if (Agree(hub_span, right, real_span)) return ClockCause::kTickRate;
  // A conversion is only to blame when the right one would have been right.
  if (!Agree(right, real_span, real_span)) return ClockCause::kOther;
  const std::array<std::pair<ClockCause, double>, 3> wrong_conversions = {{
      {ClockCause::kInverted, tick_span * denom / numer},
      {ClockCause::kTakenAsOne, tick_span},
      {ClockCause::kTruncated, tick_span * std::floor(numer / denom)},
  }};
  for (const auto& [cause, span] : wrong_conversions) {
    if (Agree(hub_span, span, real_span)) return cause;
  }
  return ClockCause::kOther;
}

// Real and hub time that went by together, between readings of the clock.
struct Stretch {
  double real_ns = 0;
  double hub_ns = 0;
};

// The clock as it was watched, but for what it was ahead or behind at once.
Stretch WatchedWithoutJumps(absl::Span<const ClockReading> readings) {
  Stretch whole;
  for (size_t i = 1; i < readings.size(); ++i) {
    const ClockReading& from = readings[i - 1];
    const ClockReading& to = readings[i];
    const double real_ns = Difference(to.witness_real_ns, from.witness_real_ns);
    const double hub_ns = Difference(to.now_ns, from.now_ns);
    const double off_by =
        thresholds::kClockReadingErrorNs + thresholds::kClockDrift * real_ns;
    if (std::abs(hub_ns - real_ns) > off_by) continue;
    whole.real_ns += real_ns;
    whole.hub_ns += hub_ns;
  }
  return whole;
}

// One that went backwards was set back: no counter does. Else, one that is
// wrong on the whole, but was watched while it went right, and would have been
// caught if it had always gone as wrong as on the whole.
bool WasStepped(absl::Span<const ClockReading> readings, double rate) {
  if (rate < 0) return true;
  const Stretch seen = WatchedWithoutJumps(readings);
  return seen.real_ns > 0 && Agree(seen.hub_ns, seen.real_ns, seen.real_ns) &&
         !Agree(seen.hub_ns, rate * seen.real_ns, seen.real_ns);
}

std::optional<ClockEvidence> FindFault(
    const HubView& hub, absl::Span<const ClockReading> readings) {
  if (!ClockIsMeasurable(hub)) return std::nullopt;
  const double real_span = RealSpan(hub);
  const double hub_span = Difference(hub.last.now_ns, hub.first.now_ns);
  const double tick_span = Difference(hub.last.ticks, hub.first.ticks);
  if (Agree(hub_span, real_span, real_span)) return std::nullopt;
  ClockEvidence clock{
      .rate = hub_span / real_span,
      .timebase_numer = hub.timebase_numer,
      .timebase_denom = hub.timebase_denom,
      .cause = FindCause(hub, hub_span, tick_span, real_span),
      .measured_over_ns = static_cast<int64_t>(std::min(real_span, 9e18)),
  };
  if (!IsSettled(clock) && WasStepped(readings, clock.rate)) {
    clock.cause = ClockCause::kStepped;
    clock.step_ns =
        static_cast<int64_t>(std::clamp(hub_span - real_span, -9e18, 9e18));
  }
  return clock;
}

}  // namespace

bool ClockIsMeasurable(const HubView& hub) {
  return RealSpan(hub) >= static_cast<double>(thresholds::kClockSpanNs);
}

bool MeasurableIfWatched(const HubView& hub, int64_t now_real_ns,
                         int64_t more_ns) {
  if (ClockIsMeasurable(hub) || hub.state != HubState::kPolling ||
      !hub.poll_until_ns) {
    return false;
  }
  // As seen from its latest reading. What is overdue does not come by waiting.
  const double due_in = Difference(*hub.poll_until_ns, hub.last.now_ns) -
                        Difference(now_real_ns, hub.last.witness_real_ns);
  return due_in > -thresholds::kClockReadingErrorNs &&
         due_in <= static_cast<double>(more_ns);
}

bool IsSettled(const ClockEvidence& clock) {
  return clock.cause != ClockCause::kTickRate &&
         clock.cause != ClockCause::kOther;
}

std::optional<ClockEvidence> FindClockFault(const HubWatch& watch) {
  return FindFault(watch.end, watch.clock_readings);
}

std::optional<ClockEvidence> FindClockFault(const HubView& hub) {
  return FindFault(hub, {});
}

}  // namespace hubspy
