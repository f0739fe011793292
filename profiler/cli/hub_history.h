// What the hubs of a family did while it was recorded: points of each one's
// series, and the turns of their loops that lasted for long.
//
//   HubHistory history;
//   history.Read(family, sampler.begin_ns());     // with each look
//   history.AddTo(profile, family.programs(), symbolizer);
//
// A reading is of one record of memory, some microseconds for each hub, and
// nothing where there is none; the target is not stopped for it. What is kept
// is bounded, however long it takes: points become sparser, and of long turns
// the longest are kept.
//
// The surprising part: a turn is seen if it lasts over two readings. Of who
// looks five times a second, turns of 100 ms are seen now and then.
#ifndef HUBSPY_CLI_HUB_HISTORY_H_
#define HUBSPY_CLI_HUB_HISTORY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "cli/attachment.h"
#include "cli/family.h"
#include "cli/turn_runner.h"
#include "model/profile.h"
#include "sample/hub_points.h"
#include "sample/stall_tracker.h"

namespace hubspy {

class HubHistory {
 public:
  static constexpr int64_t kLongTurnNs = 100'000'000;
  static constexpr size_t kMostLongTurns = 1000;
  // More hubs than that are not followed, those that are gone included.
  static constexpr size_t kMostHubs = 4096;
  // Who looks more often does not read more often.
  static constexpr int64_t kLeastBetweenNs = 5'000'000;

  // Where a reading is due. `begin_ns`: when the recording began, on the steady
  // clock; where it was interrupted, that much later.
  void Read(const Family& family, int64_t begin_ns);
  // Forgets what was read; turns that go on began before what follows.
  void BeginNext();
  // Of `profile`, which is of the same time, `hubs` and the long turns; those
  // that go on have lasted so far. `programs` are the family's.
  void AddTo(Profile& profile, absl::Span<const Program> programs,
             Symbolizer& symbolizer) const;

 private:
  struct Hub {
    ProgramId program = 0;
    ThreadId tid = 0;
  };
  struct LongTurn {
    size_t hub = 0;        // index into hubs_
    int64_t begin_ns = 0;  // since the recording began
    int64_t end_ns = 0;
    StallCause cause = StallCause::kUnknown;
    TurnRunner runner;
    int64_t length_ns() const { return end_ns - begin_ns; }
  };
  // One that is there.
  struct Watched {
    StallTracker tracker;
    uint64_t reading = 0;  // the latest that it was there in
    // Of the turn that goes on, once it is long.
    std::optional<int64_t> since_ns;  // as LongTurn::begin_ns
    std::vector<TurnRunner> runners;
    bool holds_nobody = false;
  };

  void ReadHubsOf(Attachment& attachment);
  std::optional<size_t> HubOf(Attachment& attachment, const HubView& view);
  void ReadTurn(size_t hub, HubReader& reader, const HubView& view,
                int64_t before_ns);
  // On the recording's own clock, which stands still while it is interrupted.
  int64_t AtNs(int64_t steady_ns) const;
  void End(size_t hub, const StalledTurn& turn, Watched& watched);

  uint64_t reading_ = 0;
  int64_t due_ns_ = 0;    // of the next reading
  int64_t begin_ns_ = 0;  // 0: there was none yet
  // What that was before the latest interruption, and when that was over.
  int64_t begin_before_ns_ = 0;
  int64_t resumed_ns_ = 0;
  std::vector<Hub> hubs_;
  // By process, thread and the hub's record.
  absl::flat_hash_map<std::tuple<int32_t, ThreadId, Address>, size_t> ids_;
  absl::flat_hash_map<size_t, Watched> watched_;
  HubPoints points_;
  std::vector<LongTurn> long_turns_;  // a heap, the shortest on top
};

}  // namespace hubspy

#endif  // HUBSPY_CLI_HUB_HISTORY_H_
