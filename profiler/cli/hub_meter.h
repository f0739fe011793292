// What the hubs of a process and of its children do, from table to table of
// `top`: read from what they publish, and never by a stop.
//
//   HubMeter meter(family, waiter);
//   meter.Look();                       // some times a second
//   meter.CloseWindow(samples);         // of the time since the last one
//   for (const HubRow& row : meter.rows()) ...
#ifndef HUBSPY_CLI_HUB_METER_H_
#define HUBSPY_CLI_HUB_METER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "cli/family.h"
#include "cli/hub_judge.h"
#include "hubs/hub_reader.h"
#include "model/hub.h"
#include "model/recording.h"
#include "sample/sampler.h"
#include "tui/hub_table.h"

namespace hubspy {

// The same hub, at the ends of a time; `before` is absent where there was none.
struct HubSpan {
  std::optional<HubView> before;
  HubView now;
  int64_t duration_ns = 0;
};

// What follows from these alone: no counts of green threads, no verdict.
HubRow RowOf(const HubSpan& span);

// How long the hub's next timer has been overdue. 0: it is not, by a
// millisecond; they are being fired; or how wrong its clock is is not settled.
// `now_real_ns`: CLOCK_MONOTONIC.
int64_t OverdueNs(const HubView& hub, int64_t now_real_ns);

class HubMeter {
 public:
  // Both outlive it.
  HubMeter(Family& family, Waiter& waiter);

  void Look();
  void CloseWindow(const Recording& samples);
  // As of the latest CloseWindow.
  const std::vector<HubRow>& rows() const { return rows_; }

 private:
  struct Hub {
    HubView at_begin;  // of the window
    int64_t most_overdue_ns = 0;
    std::optional<GreenCounts> greens;
    int64_t greens_due_ns = 0;
  };
  // Of one process.
  struct Member {
    Attachment* attachment = nullptr;
    int32_t pid = 0;
    std::unique_ptr<KernelView> kernel;  // null: it is gone
    std::unique_ptr<HubJudge> judge;
    absl::flat_hash_map<Address, Hub> hubs;  // by their records
  };

  void FollowMembers();
  std::optional<std::vector<HubView>> ReadHubs(Member& member);
  void CloseMember(Member& member, const Recording& samples);
  void CountGreens(const HubReader& reader, const HubView& view, Hub& hub);

  Family& family_;
  Waiter& waiter_;
  std::vector<Member> members_;
  std::vector<SlabCopy> slabs_;  // kept for their room
  std::vector<HubRow> rows_;
  int64_t window_begin_ns_;
  int64_t look_due_ns_ = 0;
};

}  // namespace hubspy

#endif  // HUBSPY_CLI_HUB_METER_H_
