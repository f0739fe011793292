#include "diagnose/diagnose.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
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
    case ClockCause::kOther:
      return "Compare the hub's clock with CLOCK_MONOTONIC where it is read.";
  }
  return "";
}

// Deadlines are on the hub's clock; it goes on at `rate` since it was read.
std::vector<LateTimer> LateTimers(const HubWatch& watch, double rate) {
  const double since_read_real_ns =
      static_cast<double>(watch.end_real_ns) -
      static_cast<double>(watch.end.last.witness_real_ns);
  const double hub_now_ns = static_cast<double>(watch.end.last.now_ns) +
                            std::max(0.0, since_read_real_ns) * rate;
  std::vector<LateTimer> timers;
  for (const GreenThreadView& green : watch.green_threads) {
    if (green.state != GreenState::kWaiting || !green.deadline_ns) continue;
    const double remaining_ns = std::clamp(
        static_cast<double>(*green.deadline_ns) - hub_now_ns, 0.0, 9e18);
    timers.push_back({.green_thread = green.id,
                      .name = green.name,
                      .remaining_hub_ns = static_cast<int64_t>(remaining_ns),
                      .due_in_real_ns = rate > 0
                                            ? static_cast<int64_t>(std::min(
                                                  remaining_ns / rate, 9e18))
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
  std::string sentence = absl::StrCat(
      " ", words::Count(clock.timers.size(), "timer"), " will ",
      clock.rate >= 1                       ? "come due too early"
      : clock.rate < thresholds::kNeverRate ? "in effect never come due"
                                            : "come due too late",
      ":");
  for (size_t i = 0; i < std::min(kNamed, clock.timers.size()); ++i) {
    const LateTimer& timer = clock.timers[i];
    absl::StrAppend(&sentence, i == 0 ? " " : ", ", "that of ",
                    words::Green(timer.green_thread, timer.name));
    if (i == 0) {
      absl::StrAppend(
          &sentence, ", ", words::Duration(timer.remaining_hub_ns),
          " away by the hub's clock", clock.rate > 0 ? ", " : "",
          clock.rate > 0 ? words::Duration(timer.due_in_real_ns) : "",
          clock.rate > 0 ? " in truth" : "");
    }
  }
  if (clock.timers.size() > kNamed) {
    absl::StrAppend(&sentence, ", and ", clock.timers.size() - kNamed, " more");
  }
  return absl::StrCat(sentence, ".");
}

void ExplainClock(const HubWatch& watch, ClockEvidence clock,
                  Verdict& verdict) {
  clock.timers = LateTimers(watch, clock.rate);
  verdict.kind = VerdictKind::kClockRate;
  verdict.summary = absl::StrFormat(
      "The hub's clock runs %s: in %s of real time it advanced by %s. %s%s",
      words::Rate(clock.rate), words::Duration(clock.measured_over_ns),
      words::Duration(clock.rate * clock.measured_over_ns),
      CauseSentence(clock), TimersSentence(clock));
  verdict.remedy = CauseRemedy(clock);
  verdict.clock = std::move(clock);
}

std::optional<GreenThreadView> Running(const HubWatch& watch) {
  for (const GreenThreadView& green : watch.green_threads) {
    if (green.record == watch.end.current) return green;
  }
  return std::nullopt;
}

// How long the turn has lasted in which a green thread was caught, at least: a
// reading of the clock begins a turn, and others, of this hub or of another
// one's, may be known from later.
int64_t TurnLastedNs(const HubWatch& watch, const GreenThreadView& running) {
  const double own = static_cast<double>(watch.end.last.now_ns) -
                     static_cast<double>(running.last_switched_ns);
  const double since = static_cast<double>(watch.end_real_ns) -
                       static_cast<double>(watch.end.last.witness_real_ns);
  return static_cast<int64_t>(
      std::clamp(std::max(0.0, own) + std::max(0.0, since), 0.0, 9e18));
}

// For how long the hub's thread is known to be in one stretch of green code.
int64_t HeldNs(const HubWatch& watch) {
  if (!watch.one_instant) return watch.watched_ns;
  const std::optional<GreenThreadView> running = Running(watch);
  return running ? TurnLastedNs(watch, *running) : 0;
}

// The hub's thread was in the same stretch of green code all the time.
bool HubIsHeld(const HubWatch& watch) {
  const auto in_code = [](HubState s) {
    return s == HubState::kRunning || s == HubState::kFiringTimers;
  };
  return HeldNs(watch) >= thresholds::kStallNs && in_code(watch.begin.state) &&
         in_code(watch.end.state) &&
         watch.begin.iterations == watch.end.iterations &&
         watch.begin.switches == watch.end.switches;
}

double Share(int64_t part, int64_t whole) {
  return whole == 0 ? 0
                    : static_cast<double>(part) / static_cast<double>(whole);
}

void ExplainHeld(const HubWatch& watch, Verdict& verdict) {
  verdict.culprit = Running(watch);
  verdict.stack = watch.stack;
  const std::string who =
      verdict.culprit ? words::Green(verdict.culprit->id, verdict.culprit->name)
                      : "The hub's own thread";
  const std::string since =
      watch.one_instant
          ? absl::StrCat("in a turn of the loop that has lasted ",
                         words::Duration(HeldNs(watch)), " or longer")
          : absl::StrCat("for the ", words::Duration(watch.watched_ns),
                         " that it was watched and perhaps longer");
  const std::string where =
      watch.stack.empty() ? ""
                          : absl::StrCat(" in ", watch.stack.front().function);
  const std::string others = absl::StrCat(
      " ", words::Count(watch.end.ready, "green thread"), " ready to run and ",
      words::Count(watch.end.timers, "timer"), " wait behind it.");
  if (Share(watch.looks_running, watch.looks) >= thresholds::kRunningShare) {
    verdict.kind = VerdictKind::kNotYielding;
    verdict.summary = absl::StrCat(who, " computes", where, " ", since,
                                   " without yielding to the hub.", others);
    verdict.remedy =
        "Call green::Yield() within the computation, or hand it to an OS "
        "thread.";
    return;
  }
  verdict.kind = VerdictKind::kBlockingCall;
  verdict.system_call = watch.system_call;
  verdict.summary =
      absl::StrCat(who, " blocks the hub's thread in ",
                   watch.system_call.empty()
                       ? "the kernel"
                       : absl::StrCat("system call ", watch.system_call),
                   " ", since, ".", others);
  verdict.remedy =
      "Use green's own call for it (Sleep, the waits of the hub), or hand the "
      "blocking call to an OS thread.";
}

void ExplainStopped(Verdict& verdict) {
  verdict.kind = VerdictKind::kStopped;
  verdict.summary =
      "The hub's thread is stopped, by a signal (SIGSTOP, SIGTSTP) or by a "
      "debugger; nothing in it can move.";
  verdict.remedy = absl::StrCat("Continue it: kill -CONT ", verdict.tid,
                                ", or detach the debugger.");
  if (verdict.one_instant) {
    verdict.remedy = "Find out who stopped it: a core does not say.";
  }
}

std::string WaitingSentence(const HubWatch& watch) {
  if (watch.end.state != HubState::kPolling) return "";
  if (!watch.end.next_deadline_ns) {
    return " It waits until something happens; no timer is pending.";
  }
  const double since_read_ns =
      static_cast<double>(watch.end_real_ns) -
      static_cast<double>(watch.end.last.witness_real_ns);
  const double remaining_ns = static_cast<double>(*watch.end.next_deadline_ns) -
                              static_cast<double>(watch.end.last.now_ns) -
                              since_read_ns;
  return absl::StrCat(" It waits for the next of ",
                      words::Count(watch.end.timers, "timer"), ", due in ",
                      words::Duration(std::max(0.0, remaining_ns)), ".");
}

// What a core leaves open has to be said: nothing seen is not nothing wrong.
void ExplainInstant(const HubWatch& watch, Verdict& verdict) {
  verdict.kind = VerdictKind::kHealthy;
  const std::optional<GreenThreadView> running = Running(watch);
  const std::string where =
      watch.stack.empty() ? ""
                          : absl::StrCat(" in ", watch.stack.front().function);
  const std::string doing =
      running ? absl::StrCat(words::Green(running->id, running->name), " ran",
                             where)
      : watch.end.state == HubState::kPolling ? "the hub waited for events"
      : watch.end.state == HubState::kStopped ? "the hub's loop was not being "
                                                "run"
                                              : absl::StrCat("it was", where);
  verdict.summary = absl::StrCat(
      "Nothing wrong is seen in this one instant: ", doing, ", with ",
      words::Count(watch.end.ready, "green thread"), " ready and ",
      words::Count(watch.end.timers, "timer"), " pending.",
      ClockIsMeasurable(watch.end)
          ? " Its clock is right."
          : " Its clock was read too seldom yet to be judged.",
      " Whether the loop moved takes two looks, and whether a timer was late "
      "takes the time of day: a core has neither.");
  verdict.stack = watch.stack;
}

void ExplainHealthy(const HubWatch& watch, Verdict& verdict) {
  verdict.kind = VerdictKind::kHealthy;
  const std::string watched = words::Duration(watch.watched_ns);
  if (watch.end.state == HubState::kStopped) {
    verdict.summary = "The hub exists, but its loop is not being run.";
    return;
  }
  verdict.summary = absl::StrCat(
      verdict.iterations > 0
          ? absl::StrCat(
                "The loop turns: ", words::Count(verdict.iterations, "time"),
                " in ", watched, ".")
          : absl::StrCat("The loop had nothing to do for ", watched, "."),
      ClockIsMeasurable(watch.end)
          ? " Its clock is right."
          : " Its clock was read too seldom yet to be judged.",
      WaitingSentence(watch));
}

}  // namespace

Verdict Diagnose(const HubWatch& watch) {
  Verdict verdict;
  verdict.tid = watch.end.tid;
  verdict.one_instant = watch.one_instant;
  verdict.watched_ns = watch.watched_ns;
  verdict.iterations = watch.end.iterations - watch.begin.iterations;
  verdict.timers = watch.end.timers;
  verdict.green_threads = watch.green_threads.size();
  // The order is by what explains what: a stopped thread explains that nothing
  // moves, a wrong clock explains every wait.
  if (watch.looks > 0 && watch.looks_stopped == watch.looks) {
    ExplainStopped(verdict);
  } else if (std::optional<ClockEvidence> fault = FindClockFault(watch.end)) {
    ExplainClock(watch, *std::move(fault), verdict);
  } else if (HubIsHeld(watch)) {
    ExplainHeld(watch, verdict);
  } else if (watch.one_instant) {
    ExplainInstant(watch, verdict);
  } else {
    ExplainHealthy(watch, verdict);
  }
  return verdict;
}

}  // namespace hubspy
