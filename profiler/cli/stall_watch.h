// Watches the hubs of a family of processes for stalls.
//
//   StallWatch watch(family, waiter, {.limit_ns = 100'000'000});
//   Sampler::Stop why = watch.Run(until_ns);
//   for (const SeenStall& stall : watch.SoFar().stalls) ...
//
// What each hub publishes is read several times in the limit, which costs the
// target nothing: it is not stopped, and does nothing for it. Only once a turn
// of the loop has lasted as long as the limit a stack is taken of its thread,
// and again after twice, four times as long and so on: a thread that sleeps
// meanwhile is not stopped for that, either; one that runs is, for some 20 us.
//
// The surprising part: who sleeps in its poller is not stalled, however long;
// and code of the thread's own, between two runs of its loop, keeps green
// threads from running as well as one of them does: that is a stall, too, as
// long as there is any green thread.
#ifndef HUBSPY_CLI_STALL_WATCH_H_
#define HUBSPY_CLI_STALL_WATCH_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "cli/attachment.h"
#include "cli/family.h"
#include "cli/turn_runner.h"
#include "model/hub.h"
#include "model/recording.h"
#include "model/stall.h"
#include "sample/sampler.h"
#include "sample/stall_tracker.h"

namespace hubspy {

struct SeenStall {
  struct Look {
    int64_t at_ns = 0;
    StackId stack = 0;  // of StallsSeen::recording
    ThreadState state = ThreadState::kRunning;
  };

  int32_t pid = 0;
  ThreadId hub_tid = 0;
  ProgramId program = 0;
  StalledTurn turn;
  bool under_way = false;
  StallCause cause = StallCause::kUnknown;
  std::vector<TurnRunner> runners;  // most often seen first
  std::vector<Look> looks;
  std::string problem;
};

struct StallsSeen {
  int64_t begin_ns = 0;  // of the watch
  StallTotals totals;
  std::vector<SeenStall> stalls;  // by when they began
  // All of them, each microsecond a sample: a stack stands for the time until
  // the next look, the first one for the time before it, too. One without a
  // stack has an empty one.
  Recording recording;
};

class StallWatch {
 public:
  struct Options {
    int64_t limit_ns = 100'000'000;
    bool each_green = false;  // keep them apart in the recording
  };
  // So many of the longest are kept with all that was seen of them.
  static constexpr size_t kMostKept = 10'000;

  // Borrows both. The family's first process is there.
  StallWatch(Family& family, Waiter& waiter, const Options& options);

  // How often what a hub publishes is read.
  static int64_t PeriodNs(int64_t limit_ns);

  // Never returns kRateLowered. After kPaused it may go on.
  Sampler::Stop Run(int64_t until_ns);

  bool saw_a_hub() const { return saw_a_hub_; }
  // What was seen until now; a stall that goes on is in it, as under way.
  StallsSeen SoFar() const;

 private:
  struct Watched {
    Attachment* attachment;  // null: it is gone
    int32_t pid;
    ProgramId program;
    HubView hub;
    StallTracker tracker;
    int64_t since_ns;
    SeenStall open = {};  // what is seen of the turn that goes on
    bool wants_look = false;
    bool holds_nobody = false;  // there is no green thread that could wait
  };

  Sampler::Stop Loop(int64_t until_ns);
  int64_t NextReadNs() const;
  // False: the first process is gone.
  bool FindHubs();
  void FindHubsOf(Attachment& attachment);
  void ReadEach();
  // False: there is no such hub any more.
  bool Read(Watched& watched);
  void LookBack(Watched& watched, const UnseenTurn& unseen);
  void TakeStack(Watched& watched);
  void NoteRunner(Watched& watched, Address current, HubState state);
  void Close(Watched& watched, const StalledTurn& turn);
  void Leave(Watched& watched, bool under_way);
  void CountTime(const SeenStall& stall);
  void Keep(SeenStall stall);

  Family& family_;
  Waiter& waiter_;
  const Options options_;
  bool target_gone_ = false;
  int64_t read_due_ns_ = 0;
  int64_t hubs_due_ns_ = 0;
  bool saw_a_hub_ = false;
  std::vector<Watched> hubs_;
  StallsSeen seen_;  // but for what goes on
};

}  // namespace hubspy

#endif  // HUBSPY_CLI_STALL_WATCH_H_
