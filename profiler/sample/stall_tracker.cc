#include "sample/stall_tracker.h"

#include <algorithm>
#include <cmath>

namespace hubspy {
namespace {

// The hub writes down when it began to poll just as it read its clock last. As
// long as both are the same, it is about to poll, or has just been woken: not
// in a turn.
bool IsInATurn(const HubView& hub) {
  return (hub.state == HubState::kRunning ||
          hub.state == HubState::kFiringTimers) &&
         hub.last.witness_real_ns > hub.poll_entered_real_ns;
}

// What no hub could have written before `now_ns` says nothing.
bool IsPlausible(const HubView& hub, int64_t now_ns) {
  constexpr int64_t kMostHubNs = int64_t{1} << 61;
  const auto is_past = [now_ns](int64_t real_ns) {
    return real_ns >= 0 && real_ns <= now_ns;
  };
  return is_past(hub.last.witness_real_ns) &&
         is_past(hub.poll_entered_real_ns) && hub.last.now_ns <= kMostHubNs &&
         hub.last.now_ns >= -kMostHubNs;
}

// A hub's own time tells real time only where its clock goes as that does.
bool ClockIsRight(const ClockReading& from, const ClockReading& to) {
  constexpr double kRatio = 1e-3;
  constexpr double kNs = 1000;
  const double real = static_cast<double>(to.witness_real_ns) -
                      static_cast<double>(from.witness_real_ns);
  const double own =
      static_cast<double>(to.now_ns) - static_cast<double>(from.now_ns);
  return std::abs(own - real) <= std::abs(real) * kRatio + kNs;
}

}  // namespace

StallTracker::Finding StallTracker::Note(const HubView& hub, int64_t before_ns,
                                         int64_t after_ns) {
  if (!IsPlausible(hub, after_ns)) return {};
  const Reading now = {
      .hub = hub, .before_ns = before_ns, .after_ns = after_ns};
  Finding finding;
  if (previous_) finding.blind_ns = BlindNs(now);
  if (turn_ && IsOver(hub)) {
    const StalledTurn turn = End(now);
    if (turn.length_ns() >= options_.limit_ns) finding.ended = turn;
    turn_.reset();
  } else if (!turn_ && previous_) {
    finding.unseen = Unseen(now);
  }
  if (!turn_ && IsInATurn(hub)) Begin(now);
  if (turn_) finding.look = GoOn(now);
  previous_ = now;
  return finding;
}

bool StallTracker::IsOver(const HubView& hub) const {
  return !IsInATurn(hub) || hub.iterations != turn_->iterations ||
         hub.poll_entered_real_ns >= turn_->seen.begin_ns;
}

void StallTracker::Begin(const Reading& now) {
  const HubView& hub = now.hub;
  Turn turn = {.iterations = hub.iterations,
               .switches_before = hub.switches,
               .switches_now = hub.switches,
               .held_since_ns = now.before_ns,
               .next_look_ns = options_.limit_ns};
  StalledTurn& seen = turn.seen;
  seen.begin_ns = hub.last.witness_real_ns;
  const int64_t known_from_ns =
      previous_ ? previous_->before_ns : options_.watch_begin_ns;
  // A reading may fall between that the hub looks at its clock and that it
  // writes down what it saw.
  const bool read_since = previous_ &&
                          previous_->hub.iterations == hub.iterations &&
                          previous_->hub.last.witness_real_ns < seen.begin_ns;
  if (seen.begin_ns < known_from_ns && !read_since) {
    // Between two turns the thread's own code runs, and the clock is as it was
    // when the turn before began.
    seen.began_before = !previous_;
    if (previous_) seen.begin_ns = now.before_ns;
  }
  const bool saw_it_poll = previous_ && !IsInATurn(previous_->hub) &&
                           previous_->hub.iterations == hub.iterations;
  if (saw_it_poll && previous_->hub.switches <= hub.switches) {
    turn.switches_before = previous_->hub.switches;
    if (hub.switches - turn.switches_before <= 1) {
      turn.held_since_ns = seen.begin_ns;
    }
  }
  // One that has been stuck for an hour is looked at now, and a limit later.
  turn.looks_from_ns = std::max(
      seen.begin_ns,
      seen.began_before ? now.before_ns - options_.limit_ns : seen.begin_ns);
  turn_ = turn;
}

// Whether it is time for a look.
bool StallTracker::GoOn(const Reading& now) {
  Turn& turn = *turn_;
  StalledTurn& seen = turn.seen;
  seen.end_ns = std::max(seen.begin_ns, now.before_ns);
  seen.current = now.hub.current;
  seen.state = now.hub.state;
  seen.seen_hub_ns = now.hub.last.now_ns;
  seen.most_ready = std::max(seen.most_ready, now.hub.ready);
  if (now.hub.switches != turn.switches_now) {
    turn.switches_now = now.hub.switches;
    turn.held_since_ns = now.before_ns;
  }
  seen.held_ns = std::max(seen.held_ns, seen.end_ns - turn.held_since_ns);
  seen.switches = turn.switches_now - turn.switches_before;
  if (now.before_ns < look_due_ns()) return false;
  while (now.before_ns >= look_due_ns()) turn.next_look_ns *= 2;
  return true;
}

StalledTurn StallTracker::End(const Reading& now) const {
  const HubView& hub = now.hub;
  StalledTurn turn = turn_->seen;
  const int64_t polled_ns = hub.poll_entered_real_ns;
  if (polled_ns == turn.begin_ns) {
    // It was about to write down that it polls, and that is what it did since.
    turn.end_ns = turn.begin_ns;
    return turn;
  }
  const bool same_hub = hub.iterations >= turn_->iterations;
  const bool no_turn_between =
      same_hub && hub.iterations - turn_->iterations <= 1;
  if (no_turn_between && polled_ns > turn.begin_ns) {
    turn.end_ns =
        std::clamp(polled_ns, turn.end_ns, std::max(turn.end_ns, now.after_ns));
    const bool is_all = !IsInATurn(hub) && hub.switches >= turn_->switches_now;
    if (is_all && hub.switches == turn_->switches_now) {
      turn.held_ns = std::max(turn.held_ns, turn.end_ns - turn_->held_since_ns);
    }
    if (is_all) turn.switches = hub.switches - turn_->switches_before;
    return turn;
  }
  // Whatever the hub wrote down since came after its end.
  int64_t latest_ns = now.after_ns;
  if (same_hub) {
    for (const int64_t later_ns : {hub.last.witness_real_ns, polled_ns}) {
      if (later_ns >= turn.end_ns) latest_ns = std::min(latest_ns, later_ns);
    }
  }
  turn.perhaps_longer_ns = std::max<int64_t>(0, latest_ns - turn.end_ns);
  return turn;
}

std::optional<UnseenTurn> StallTracker::Unseen(const Reading& now) const {
  const HubView& was = previous_->hub;
  const HubView& hub = now.hub;
  const bool one_turn = !IsInATurn(was) &&
                        hub.iterations == was.iterations + 1 &&
                        hub.poll_entered_real_ns > previous_->before_ns &&
                        hub.poll_entered_real_ns <= now.after_ns;
  if (!one_turn || hub.switches <= was.switches ||
      hub.poll_entered_real_ns - previous_->before_ns < options_.limit_ns ||
      !ClockIsRight(was.last, hub.last)) {
    return std::nullopt;
  }
  return UnseenTurn{
      .after_ns = previous_->before_ns,
      .end_ns = hub.poll_entered_real_ns,
      .after_hub_ns = was.last.now_ns,
      .until_hub_ns = hub.last.now_ns -
                      (hub.last.witness_real_ns - hub.poll_entered_real_ns),
      .switches = hub.switches - was.switches};
}

int64_t StallTracker::BlindNs(const Reading& now) const {
  const int64_t gap_ns = now.before_ns - previous_->after_ns;
  const bool turned = now.hub.iterations - previous_->hub.iterations >= 2;
  return turned && gap_ns >= options_.limit_ns ? gap_ns : 0;
}

int64_t StallTracker::look_due_ns() const {
  return turn_ ? turn_->looks_from_ns + turn_->next_look_ns : INT64_MAX;
}

std::optional<int64_t> StallTracker::stalled_since_ns() const {
  if (!turn_ || turn_->seen.length_ns() < options_.limit_ns) {
    return std::nullopt;
  }
  return turn_->seen.begin_ns;
}

std::optional<StalledTurn> StallTracker::Finish() {
  if (!stalled_since_ns()) return std::nullopt;
  const StalledTurn turn = turn_->seen;
  turn_.reset();
  return turn;
}

std::optional<ResolvedTurn> ResolveUnseen(
    const UnseenTurn& unseen, int64_t limit_ns,
    absl::Span<const GreenThreadView> greens) {
  const GreenThreadView* first = nullptr;
  for (const GreenThreadView& green : greens) {
    if (green.last_switched_ns <= unseen.after_hub_ns ||
        green.last_switched_ns > unseen.until_hub_ns) {
      continue;
    }
    if (first == nullptr || green.last_switched_ns < first->last_switched_ns) {
      first = &green;
    }
  }
  if (first == nullptr) return std::nullopt;
  ResolvedTurn resolved = {.green = *first};
  StalledTurn& turn = resolved.turn;
  turn.end_ns = unseen.end_ns;
  turn.begin_ns =
      unseen.end_ns - (unseen.until_hub_ns - first->last_switched_ns);
  turn.switches = unseen.switches;
  turn.was_seen = false;
  if (unseen.switches == 1) turn.held_ns = turn.length_ns();
  if (turn.begin_ns < unseen.after_ns || turn.length_ns() < limit_ns) {
    return std::nullopt;
  }
  return resolved;
}

}  // namespace hubspy
