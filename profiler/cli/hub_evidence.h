// What is asked about a hub once, before or after it was watched: parts of the
// evidence that a look each 20 ms would be too much for.
#ifndef HUBSPY_CLI_HUB_EVIDENCE_H_
#define HUBSPY_CLI_HUB_EVIDENCE_H_

#include "cli/attachment.h"
#include "model/diagnosis.h"
#include "model/recording.h"
#include "sample/sampler.h"
#include "symbolize/symbolizer.h"
#include "target/kernel_view.h"

namespace hubspy {

// A hub, and where its thread was found running, which is named at the end.
struct WatchedHub {
  HubWatch watch;
  Recording running;
  int64_t looked_at_ns = 0;  // when that was tried last, and
  int64_t run_ns = 0;        // what the kernel said of its CPU time then
};

// What cannot be had is missing from the evidence; it does not prevent it.
class HubDescriber {
 public:
  // `kernel`: null for a core.
  HubDescriber(Attachment& attachment, const KernelView* kernel)
      : attachment_(attachment), kernel_(kernel) {}

  // These two of a core, too.
  void DescribeBegin(HubWatch& watch);
  void DescribeEnd(WatchedHub& hub);
  // Takes some 50 ms when the loop turned all the time, else none.
  // Takes 0.3 s when the hub got hardly any CPU time. These two not of a core.
  void FindCpuUsers(Waiter& waiter, HubWatch& watch);
  void LookAtBusiest(Waiter& waiter, HubWatch& watch);

  // What each thread of a process without a hub does, at this moment.
  std::vector<ThreadWait> DescribeThreads();

  // What is looked up only of those that the verdict speaks of: where they
  // wait, and in which loop one computes.
  void Complete(const WatchedHub& hub, Verdict& verdict);

 private:
  CallFacts Explain(const SystemCall& call);
  void KeepLastingFdWaits(HubWatch& watch);
  void FollowMutexes(HubWatch& watch);
  void AddStacks(const HubWatch& watch, DeadlockEvidence& deadlock);

  Attachment& attachment_;
  const KernelView* kernel_;
  Symbolizer symbolizer_;
};

}  // namespace hubspy

#endif  // HUBSPY_CLI_HUB_EVIDENCE_H_
