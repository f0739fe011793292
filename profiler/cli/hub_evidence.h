// What is asked about a hub once, before or after it was watched: parts of the
// evidence that a look each 20 ms would be too much for.
#ifndef HUBSPY_CLI_HUB_EVIDENCE_H_
#define HUBSPY_CLI_HUB_EVIDENCE_H_

#include <cstdint>
#include <optional>

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

// The hub as it was read again.
void SeeAgain(HubView view, HubWatch& watch);
// One more look at the hub's thread found it like this.
void CountLook(ThreadState state, HubWatch& watch);

std::optional<ThreadSchedule> Between(
    const std::optional<ThreadSchedule>& begin,
    const std::optional<ThreadSchedule>& end);

// What may be spent on evidence, each time.
struct Effort {
  // On fds that green threads wait for: there may be a hundred thousand of
  // them, and a look at each takes some 10 us.
  int64_t fd_looks_ns = 500'000'000;
  // Between two of the fifty looks at what keeps a loop turning: more than a
  // turn of a loop that has nothing to do.
  int64_t busy_look_interval_ns = 1'000'000;
  // Only what decides between verdicts, and not what they say of it: names, and
  // stacks. Nothing that may run is stopped.
  bool verdict_only = false;
};

// What cannot be had is missing from the evidence; it does not prevent it.
class HubDescriber {
 public:
  // `kernel`: null for a core.
  HubDescriber(Attachment& attachment, const KernelView* kernel,
               const Effort& effort = {})
      : attachment_(attachment), kernel_(kernel), effort_(effort) {}

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
  CallFacts Explain(ThreadId tid, const SystemCall& call);
  void KeepLastingFdWaits(HubWatch& watch);
  void NameSamples(WatchedHub& hub);
  void FollowMutexes(HubWatch& watch);
  void AddStacks(const HubWatch& watch, DeadlockEvidence& deadlock);

  Attachment& attachment_;
  const KernelView* kernel_;
  const Effort effort_;
  Symbolizer symbolizer_;
};

}  // namespace hubspy

#endif  // HUBSPY_CLI_HUB_EVIDENCE_H_
