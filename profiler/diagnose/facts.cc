#include "diagnose/facts.h"

#include <algorithm>

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

bool MostlyRunning(const HubWatch& watch) {
  return Share(watch.looks_running, watch.looks) >= thresholds::kRunningShare;
}

std::string Holder(const HubWatch& watch) {
  const std::optional<GreenThreadView> running = Running(watch);
  return running ? words::Capitalized(words::Green(running->id, running->name))
                 : "The hub's own thread";
}

std::string HeldSince(const HubWatch& watch) {
  return watch.one_instant
             ? absl::StrCat("in a turn of the loop that has lasted ",
                            words::Duration(HeldNs(watch)), " or longer")
             : absl::StrCat("for the ", words::Duration(watch.watched_ns),
                            " that it was watched and perhaps longer");
}

std::string WaitBehindIt(const HubWatch& watch) {
  return absl::StrCat(
      words::Count(watch.end.ready, "green thread"), " ready to run and ",
      words::Count(watch.end.timers, "timer"), " wait behind it.");
}

}  // namespace hubspy::facts
