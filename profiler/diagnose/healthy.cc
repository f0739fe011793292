// healthy: nothing is wrong, as far as was seen; and what it waits for.
#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "diagnose/diagnose.h"
#include "diagnose/facts.h"
#include "diagnose/rules.h"
#include "diagnose/thresholds.h"
#include "diagnose/words.h"

namespace hubspy {
namespace {

// ", that of green thread 3 (foo)": whose timer comes next; empty when it is
// none's, as a callback's or a Timeout's.
std::string OwnerOfNextTimer(const HubWatch& watch) {
  for (const GreenThreadView& green : watch.green_threads) {
    if (green.state == GreenState::kWaiting &&
        green.deadline_ns == watch.end.next_deadline_ns) {
      return absl::StrCat(", that of ", words::Green(green.id, green.name));
    }
  }
  const bool is_own_code =
      watch.own_code && watch.own_code->state == GreenState::kWaiting &&
      watch.own_code->deadline_ns == watch.end.next_deadline_ns;
  return is_own_code ? ", that of the thread's own code" : "";
}

std::string LeftOutSentence(const HubWatch& watch) {
  if (watch.fd_waits_left_out == 0) return "";
  return absl::StrCat(" At ", watch.fd_waits_left_out,
                      " of these fds there was no time to look: whether one of "
                      "them is ready, and nobody was told, is not known.");
}

// Those that wait for something from outside.
std::string FdSentence(const HubWatch& watch) {
  uint64_t waiting = watch.own_code &&
                             watch.own_code->state == GreenState::kWaiting &&
                             watch.own_code->waiting_for == WaitReason::kFd
                         ? 1
                         : 0;
  for (const GreenThreadView& green : watch.green_threads) {
    if (green.state == GreenState::kWaiting &&
        green.waiting_for == WaitReason::kFd) {
      ++waiting;
    }
  }
  if (waiting == 0) return "";
  std::string example;
  if (!watch.fd_waits.empty() && !watch.fd_waits[0].at_end.what.empty()) {
    const FdFacts& fd = watch.fd_waits[0].at_end;
    example = absl::StrCat(waiting == 1 ? ": fd " : ", such as fd ", fd.fd,
                           ", ", fd.what);
  }
  return waiting == 1 ? absl::StrCat(" One waits for an fd", example, ".")
                      : absl::StrCat(" ", waiting, " wait for fds", example,
                                     ".", LeftOutSentence(watch));
}

std::string WaitingSentence(const HubWatch& watch) {
  if (watch.end.state != HubState::kPolling) return "";
  if (!watch.end.next_deadline_ns) {
    return absl::StrCat(
        " It waits until something happens; no timer is pending.",
        FdSentence(watch));
  }
  const double remaining_ns = static_cast<double>(*watch.end.next_deadline_ns) -
                              static_cast<double>(watch.end.last.now_ns) -
                              facts::SinceClockWasReadNs(watch);
  return absl::StrCat(
      " It waits for the next of ", words::Count(watch.end.timers, "timer"),
      OwnerOfNextTimer(watch), ", due in ",
      words::Duration(std::max(0.0, remaining_ns)), ".", FdSentence(watch));
}

std::string ClockSentence(const HubWatch& watch) {
  return ClockIsMeasurable(watch.end)
             ? " Its clock is right."
             : " Its clock was read too seldom yet to be judged.";
}

// So much that it was not one slow look.
std::string WatchedLongerSentence(const HubWatch& watch) {
  if (watch.was_to_be_watched_ns == 0 ||
      watch.watched_ns <
          watch.was_to_be_watched_ns + thresholds::kWatchedLongerNs) {
    return "";
  }
  return absl::StrCat(" It was watched for longer than ",
                      words::Duration(watch.was_to_be_watched_ns),
                      ", until it had turned, to judge its clock.");
}

}  // namespace

// What a core leaves open has to be said: nothing seen is not nothing wrong.
Verdict HealthyInOneInstant(const HubWatch& watch) {
  Verdict verdict{.kind = VerdictKind::kHealthy};
  const std::optional<GreenThreadView> running = facts::Running(watch);
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
      ClockSentence(watch),
      " Whether the loop moved takes two looks, and whether a timer was late "
      "takes the time of day: a core has neither.");
  verdict.stack = watch.stack;
  return verdict;
}

Verdict Healthy(const HubWatch& watch) {
  Verdict verdict{.kind = VerdictKind::kHealthy};
  if (watch.end.state == HubState::kStopped) {
    verdict.summary = "The hub exists, but its loop is not being run.";
    return verdict;
  }
  const uint64_t turns = watch.end.iterations - watch.begin.iterations;
  const std::string watched = words::Duration(watch.watched_ns);
  verdict.summary = absl::StrCat(
      turns > 0 ? absl::StrCat("The loop turns: ", words::Count(turns, "time"),
                               " in ", watched, ".")
                : absl::StrCat("The loop had nothing to do for ", watched, "."),
      WatchedLongerSentence(watch), ClockSentence(watch),
      WaitingSentence(watch));
  return verdict;
}

}  // namespace hubspy
