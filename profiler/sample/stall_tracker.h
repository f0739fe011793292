// Tells from readings of what a hub publishes which of its turns are stalls:
// pure, told the readings and when they were made.
//
//   StallTracker tracker({.limit_ns = 100'000'000, .watch_begin_ns = now});
//   Finding finding = tracker.Note(*reader.ReadHub(record), before_ns,
//   after_ns); if (finding.look) capture a stack; if (finding.ended) a stall is
//   over.
//
// A turn begins when the loop comes back from its poller, or goes on without
// it, and ends when it comes to its poller, or to the next turn. Sleeping in
// the poller is no turn. The hub reads its clock at both ends and publishes
// CLOCK_MONOTONIC beside it: where that is still there to be read, it is exact,
// however late a reading comes. Else a turn is taken to have lasted for as long
// as it was seen to last; it may have been longer, by no more than two readings
// are apart.
//
// The surprising part: nothing is taken for a stall because a reading came
// late. What happened unseen in the meantime is a stall only where time stamps
// prove it (ResolveUnseen); where they do not, the time counts as blind.
#ifndef HUBSPY_SAMPLE_STALL_TRACKER_H_
#define HUBSPY_SAMPLE_STALL_TRACKER_H_

#include <cstdint>
#include <optional>

#include "absl/types/span.h"
#include "model/address.h"
#include "model/hub.h"

namespace hubspy {

// A turn that is a stall. Times are on CLOCK_MONOTONIC.
struct StalledTurn {
  int64_t begin_ns = 0;
  int64_t end_ns = 0;             // at least until then
  int64_t perhaps_longer_ns = 0;  // by no more than that
  bool began_before = false;      // before the watch
  uint64_t switches = 0;          // to green threads, as far as seen
  uint64_t most_ready = 0;
  // The longest time in it in which no green thread was switched to.
  int64_t held_ns = 0;
  // As seen latest: who ran (zero: no green thread), in which state of the hub,
  // and when that was by the hub's clock.
  Address current;
  HubState state = HubState::kRunning;
  int64_t seen_hub_ns = 0;
  bool was_seen = true;  // while it lasted

  int64_t length_ns() const { return end_ns - begin_ns; }
};

// One turn that was over before it was read, of which it is known when it ended
// and who may have run in it.
struct UnseenTurn {
  int64_t after_ns = 0;      // it began no earlier
  int64_t end_ns = 0;        // exactly
  int64_t after_hub_ns = 0;  // who ran in it was switched to later than this,
  int64_t until_hub_ns = 0;  // and no later than this, by the hub's clock
  uint64_t switches = 0;
};

// The stall that it was, and who ran in it longest, by what green threads'
// records say of when each ran last. nullopt: it was none, or that cannot be
// known.
struct ResolvedTurn {
  StalledTurn turn;
  GreenThreadView green;
};
std::optional<ResolvedTurn> ResolveUnseen(
    const UnseenTurn& unseen, int64_t limit_ns,
    absl::Span<const GreenThreadView> greens);

class StallTracker {
 public:
  struct Options {
    int64_t limit_ns = 100'000'000;  // above 0
    int64_t watch_begin_ns = 0;
  };
  struct Finding {
    std::optional<StalledTurn> ended;  // a stall that is over
    std::optional<UnseenTurn> unseen;  // what may have been one
    // The turn that goes on has now lasted as long as the limit, or twice, four
    // times ... as long: it is time to see where it is.
    bool look = false;
    int64_t blind_ns = 0;  // that may have hidden a stall
  };

  explicit StallTracker(const Options& options) : options_(options) {}

  // A reading of the same hub, made between these two, later than the one
  // before.
  Finding Note(const HubView& hub, int64_t before_ns, int64_t after_ns);

  // When the turn that goes on will have lasted as long as the next look is due
  // after; INT64_MAX: none goes on.
  int64_t look_due_ns() const;
  // Since when there is a turn that has lasted as long as the limit.
  std::optional<int64_t> stalled_since_ns() const;
  // Whether this is of the turn that goes on.
  bool IsOfThisTurn(const HubView& hub) const { return turn_ && !IsOver(hub); }
  // The turn that goes on, if it is a stall by now; no more readings will come.
  std::optional<StalledTurn> Finish();

 private:
  struct Reading {
    HubView hub;
    int64_t before_ns = 0;
    int64_t after_ns = 0;
  };
  struct Turn {
    StalledTurn seen;
    uint64_t iterations = 0;
    uint64_t switches_before = 0;
    uint64_t switches_now = 0;
    int64_t held_since_ns = 0;  // that value was seen since then
    int64_t looks_from_ns = 0;  // what times of looks are counted from
    int64_t next_look_ns = 0;   // after that
  };

  bool IsOver(const HubView& hub) const;
  StalledTurn End(const Reading& now) const;
  void Begin(const Reading& now);
  bool GoOn(const Reading& now);
  std::optional<UnseenTurn> Unseen(const Reading& now) const;
  int64_t BlindNs(const Reading& now) const;

  Options options_;
  std::optional<Reading> previous_;
  std::optional<Turn> turn_;
};

}  // namespace hubspy

#endif  // HUBSPY_SAMPLE_STALL_TRACKER_H_
