// What `diagnose` would say of the hubs of a process, in a word, again and
// again while it is sampled.
//
//   HubJudge judge(attachment, *kernel);
//   judge.Watch(hubs, now_ns);            // some times a second
//   judge.AddSamples(recording);          // that were taken meanwhile
//   judge.JudgeIfDue(hubs, waiter);
//   judge.FindingOf(hub)->kind            // kClockRate, ...
//
// The evidence is what `diagnose` gathers, of the last two seconds or so; but
// where a hub's thread runs is told by the samples that are taken anyway.
// Nothing that runs is stopped for it.
#ifndef HUBSPY_CLI_HUB_JUDGE_H_
#define HUBSPY_CLI_HUB_JUDGE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "cli/attachment.h"
#include "cli/hub_evidence.h"
#include "model/diagnosis.h"
#include "model/recording.h"
#include "sample/sampler.h"
#include "target/kernel_view.h"

namespace hubspy {

class HubJudge {
 public:
  struct Finding {
    VerdictKind kind = VerdictKind::kHealthy;
    std::optional<ClockEvidence> clock;  // of kClockRate, without timers
  };

  // Both outlive it.
  HubJudge(Attachment& attachment, const KernelView& kernel);

  // The hubs as they are now.
  void Watch(const std::vector<HubView>& hubs, int64_t now_ns);

  // Samples of the time since the last call.
  void AddSamples(const Recording& samples);

  // At most once a second, and so that it takes 2 % of the time at most.
  // `hubs`: as they are now.
  void JudgeIfDue(const std::vector<HubView>& hubs, Waiter& waiter);

  // By the latest judgement; before the first one, if a view of it tells.
  std::optional<Finding> FindingOf(const HubView& hub) const;

 private:
  // A hub since some time.
  struct Watched {
    WatchedHub hub;
    std::optional<ThreadSchedule> schedule;
    int64_t begin_ns = 0;
  };
  struct Case {
    std::vector<Watched> watched;  // one, or an older and a newer one
    std::optional<Finding> finding;
  };

  Case& CaseOf(const HubView& hub, int64_t now_ns);
  Watched Begin(const HubView& hub, int64_t now_ns);
  // nullopt: that is to be seen soon.
  std::optional<Finding> Judge(Watched watched, Waiter& waiter);

  Attachment& attachment_;
  const KernelView& kernel_;
  HubDescriber describer_;
  absl::flat_hash_map<Address, Case> cases_;  // by the hub's record
  int64_t due_ns_ = 0;
};

}  // namespace hubspy

#endif  // HUBSPY_CLI_HUB_JUDGE_H_
