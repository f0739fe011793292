#include "diagnose/facts.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "diagnose/thresholds.h"
#include "diagnose/words.h"

namespace hubspy::facts {
namespace {

// How long the turn has lasted in which a green thread was caught, at least: a
// reading of the clock begins a turn, and others, of this hub or of another
// one's, may be known from later.
int64_t TurnLastedNs(const HubWatch& watch, const GreenThreadView& running) {
  const double own = static_cast<double>(watch.end.last.now_ns) -
                     static_cast<double>(running.last_switched_ns);
  return static_cast<int64_t>(
      std::clamp(std::max(0.0, own) + SinceClockWasReadNs(watch), 0.0, 9e18));
}

}  // namespace

double Share(int64_t part, int64_t whole) {
  return whole == 0 ? 0
                    : static_cast<double>(part) / static_cast<double>(whole);
}

double SinceClockWasReadNs(const HubWatch& watch) {
  return std::max(0.0, static_cast<double>(watch.end_real_ns) -
                           static_cast<double>(watch.end.last.witness_real_ns));
}

std::optional<GreenThreadView> GreenThreadOfId(const HubWatch& watch,
                                               uint64_t id) {
  if (id == 0) return watch.own_code;
  for (const GreenThreadView& green : watch.green_threads) {
    if (green.id == id) return green;
  }
  return std::nullopt;
}

std::optional<GreenThreadView> Running(const HubWatch& watch) {
  for (const GreenThreadView& green : watch.green_threads) {
    if (green.record == watch.end.current) return green;
  }
  return std::nullopt;
}

int64_t HeldNs(const HubWatch& watch) {
  if (!watch.one_instant) return watch.watched_ns;
  const std::optional<GreenThreadView> running = Running(watch);
  return running ? TurnLastedNs(watch, *running) : 0;
}

bool HubStoodStill(const HubWatch& watch) {
  return watch.begin.iterations == watch.end.iterations &&
         watch.begin.switches == watch.end.switches;
}

bool HubOnlyPolled(const HubWatch& watch) {
  return HubStoodStill(watch) && watch.end.state == HubState::kPolling;
}

bool HubIsHeld(const HubWatch& watch) {
  const auto in_code = [](HubState s) {
    return s == HubState::kRunning || s == HubState::kFiringTimers;
  };
  return HeldNs(watch) >= thresholds::kStallNs && in_code(watch.begin.state) &&
         in_code(watch.end.state) && HubStoodStill(watch);
}

bool IsOfTheSystem(const SymbolFrame& frame) {
  const auto in = [&](absl::string_view library) {
    return absl::StrContains(frame.module, library);
  };
  return absl::StartsWith(frame.function, "std::") ||
         absl::StartsWith(frame.function, "absl::") || in("/libc.so") ||
         in("/libc-") || in("/ld-linux") || in("[vdso]");
}

bool IsOfTheRuntime(const SymbolFrame& frame) {
  return absl::StartsWith(frame.function, "green::") ||
         absl::StartsWith(frame.function, "green_");
}

bool MostlyRunning(const HubWatch& watch) {
  return Share(watch.looks_running, watch.looks) >= thresholds::kRunningShare;
}

std::string Holder(const HubWatch& watch) {
  const std::optional<GreenThreadView> running = Running(watch);
  return running ? words::Capitalized(words::Green(running->id, running->name))
                 : "The hub's own thread";
}

std::string HeldSince(const HubWatch& watch) {
  if (watch.one_instant) {
    return absl::StrCat("in a turn of the loop that has lasted ",
                        words::Duration(HeldNs(watch)), " or longer");
  }
  // The hub reads its clock when a turn begins.
  const double turn_ns = SinceClockWasReadNs(watch);
  const std::string watched = absl::StrCat(
      "for the ", words::Duration(watch.watched_ns), " that it was watched");
  if (turn_ns < static_cast<double>(watch.watched_ns)) {
    return absl::StrCat(watched, " and perhaps longer");
  }
  return absl::StrCat(watched, ", in a turn of the loop that began ",
                      words::Duration(turn_ns), " ago");
}

std::string WaitBehindIt(const HubWatch& watch) {
  std::vector<std::string> waiting;
  if (watch.end.ready > 0) {
    waiting.push_back(absl::StrCat(
        words::Count(watch.end.ready, "green thread"),
        watch.end.ready == 1 ? " that is" : " that are", " ready to run"));
  }
  if (watch.end.timers > 0) {
    waiting.push_back(words::Count(watch.end.timers, "timer"));
  }
  if (waiting.empty()) return "Nothing else waits behind it yet.";
  const bool is_one = watch.end.ready + watch.end.timers == 1;
  return absl::StrCat(words::Capitalized(words::List(waiting)),
                      is_one ? " waits" : " wait", " behind it.");
}

}  // namespace hubspy::facts
