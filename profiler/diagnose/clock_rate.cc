// clock_rate: the hub's clock does not go as real time does.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "diagnose/diagnose.h"
#include "diagnose/hub_time.h"
#include "diagnose/rules.h"
#include "diagnose/thresholds.h"
#include "diagnose/words.h"

namespace hubspy {
namespace {

std::string Timebase(const ClockEvidence& clock) {
  return absl::StrCat(clock.timebase_numer, "/", clock.timebase_denom);
}

std::string CauseSentence(const ClockEvidence& clock) {
  switch (clock.cause) {
    case ClockCause::kInverted:
      return absl::StrCat(
          "Its timebase, ", Timebase(clock),
          " ns per tick, is applied upside down: it computes ticks * ",
          clock.timebase_denom, " / ", clock.timebase_numer,
          " where it has to be ticks * ", clock.timebase_numer, " / ",
          clock.timebase_denom, ".");
    case ClockCause::kTakenAsOne:
      return absl::StrCat("Its timebase, ", Timebase(clock),
                          " ns per tick, is not applied: ticks are taken for "
                          "nanoseconds.");
    case ClockCause::kTruncated:
      return absl::StrCat(
          "Its timebase, ", Timebase(clock),
          " ns per tick, is divided first: ", clock.timebase_numer, " / ",
          clock.timebase_denom, " in integers is ",
          clock.timebase_numer / std::max(1u, clock.timebase_denom), ".");
    case ClockCause::kTickRate:
      return absl::StrCat("Ticks are converted as its timebase says (",
                          Timebase(clock),
                          " ns per tick), but they do not come at that rate.");
    case ClockCause::kStepped:
      return absl::StrCat(
          clock.rate < 0 ? "No counter goes backwards: it was set back, by "
                         : "While it was watched it went right, but for jumps: "
                           "it was set ",
          clock.rate < 0      ? ""
          : clock.step_ns < 0 ? "back, by "
                              : "forward, by ",
          words::Duration(std::abs(static_cast<double>(clock.step_ns))),
          clock.step_ns < 0
              ? ". What was to come before that comes so much later."
              : ". What was to come before that came so much too early.");
    case ClockCause::kOther:
      return absl::StrCat("No known fault of a conversion with its timebase (",
                          Timebase(clock), " ns per tick) explains that.");
  }
  return "";
}

std::string CauseRemedy(const ClockEvidence& clock) {
  switch (clock.cause) {
    case ClockCause::kInverted:
    case ClockCause::kTakenAsOne:
    case ClockCause::kTruncated:
      return "Convert ticks to nanoseconds as ticks * numer / denom, in "
             "128 bits, multiplying first (green::Timebase does).";
    case ClockCause::kTickRate:
      return "Ask the system for the counter's timebase where the program "
             "runs, instead of assuming it.";
    case ClockCause::kStepped:
      return "Take a hub's time from what nobody can set: CLOCK_MONOTONIC "
             "(green::MonotonicClock), not the wall clock (CLOCK_REALTIME, "
             "std::chrono::system_clock), which people, time services and a "
             "resume after suspend move.";
    case ClockCause::kOther:
      return "Compare the hub's clock with CLOCK_MONOTONIC where it is read.";
  }
  return "";
}

std::vector<LateTimer> LateTimers(const HubWatch& watch,
                                  const ClockEvidence& clock) {
  const HubTime time(watch.end, watch.end_real_ns, clock);
  std::vector<LateTimer> timers;
  for (const GreenThreadView& green : watch.green_threads) {
    if (green.state != GreenState::kWaiting || !green.deadline_ns) continue;
    const std::optional<int64_t> due_in_ns =
        time.RealUntilNs(*green.deadline_ns);
    timers.push_back({.green_thread = green.id,
                      .name = green.name,
                      .remaining_hub_ns = static_cast<int64_t>(
                          std::max(0.0, time.HubUntilNs(*green.deadline_ns))),
                      .due_in_real_ns = due_in_ns
                                            ? std::max<int64_t>(0, *due_in_ns)
                                            : INT64_MAX});
  }
  std::sort(timers.begin(), timers.end(),
            [](const LateTimer& a, const LateTimer& b) {
              return std::pair(a.remaining_hub_ns, a.green_thread) <
                     std::pair(b.remaining_hub_ns, b.green_thread);
            });
  return timers;
}

std::string TimersSentence(const ClockEvidence& clock) {
  constexpr size_t kNamed = 3;
  if (clock.timers.empty()) return "";
  const bool was_stepped = clock.cause == ClockCause::kStepped;
  std::string sentence = absl::StrCat(
      " ", words::Count(clock.timers.size(), "timer"),
      was_stepped ? clock.timers.size() == 1 ? " is pending" : " are pending"
      : clock.rate >= 1                     ? " will come due too early"
      : clock.rate < thresholds::kNeverRate ? " will in effect never come due"
                                            : " will come due too late",
      ":");
  for (size_t i = 0; i < std::min(kNamed, clock.timers.size()); ++i) {
    const LateTimer& timer = clock.timers[i];
    absl::StrAppend(&sentence, i == 0 ? " " : ", ", "that of ",
                    words::Green(timer.green_thread, timer.name));
    if (i == 0) {
      absl::StrAppend(
          &sentence, ", ", words::Duration(timer.remaining_hub_ns),
          " away by the hub's clock",
          was_stepped || clock.rate <= 0
              ? ""
              : absl::StrCat(", ", words::Duration(timer.due_in_real_ns),
                             " in truth"));
    }
  }
  if (clock.timers.size() > kNamed) {
    absl::StrAppend(&sentence, ", and ", clock.timers.size() - kNamed, " more");
  }
  return absl::StrCat(sentence, ".");
}

}  // namespace

std::optional<Verdict> ClockRateRule(const HubWatch& watch) {
  std::optional<ClockEvidence> clock = FindClockFault(watch);
  if (!clock) return std::nullopt;
  clock->timers = LateTimers(watch, *clock);
  Verdict verdict{.kind = VerdictKind::kClockRate};
  verdict.summary = absl::StrFormat(
      "The hub's clock %s: in %s of real time it advanced by %s. %s%s",
      clock->cause == ClockCause::kStepped ? "was stepped"
      : clock->rate == 0                   ? "stands still"
                         : absl::StrCat("runs ", words::Rate(clock->rate)),
      words::Duration(clock->measured_over_ns),
      words::Duration(clock->rate * clock->measured_over_ns),
      CauseSentence(*clock), TimersSentence(*clock));
  verdict.remedy = CauseRemedy(*clock);
  verdict.clock = std::move(clock);
  return verdict;
}

}  // namespace hubspy
