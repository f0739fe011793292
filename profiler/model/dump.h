// Every stack of a process at one look: what `hubspy dump` prints.
//
// The surprising part: a hundred thousand green threads stand in a handful of
// places. Each place is here once, and they name it by its index.
#ifndef HUBSPY_MODEL_DUMP_H_
#define HUBSPY_MODEL_DUMP_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "model/hub.h"
#include "model/kernel_facts.h"
#include "model/profile.h"
#include "model/recording.h"
#include "model/snapshot.h"
#include "model/stack.h"

namespace hubspy {

struct Dump {
  struct Thread {
    ThreadId tid = 0;
    std::string name;
    ThreadState state = ThreadState::kRunning;
    std::optional<CallFacts> call;  // that it sleeps in
    NamedStack stack;
    std::optional<SignalTaken> signal;  // that ended the process here
    std::string problem;  // why there is no stack; empty when there is one
  };
  struct Hub {
    ThreadId tid = 0;
    double clock_rate = 1;  // hub seconds per real second
  };
  // All times are real ones, in nanoseconds, whatever the hub's clock says;
  // nullopt: not known, as when that stands still.
  struct GreenThread {
    GreenThreadView view;
    // Into Dump::stacks; nullopt: it runs, on its thread's stack, or `problem`
    // says why. Of one that has not begun, the function that it will begin in.
    std::optional<uint32_t> stack;
    std::string problem;
    // Since the turn of the loop began in which it last ran; of one that never
    // did, in which it was made. So one that waits has waited this long.
    std::optional<int64_t> since_run_ns;
    std::optional<int64_t> due_in_ns;    // to its deadline; negative: overdue
    std::optional<uint32_t> spawned_at;  // into Dump::spawn_sites
    std::optional<GreenTimes> times;     // of one that was watched
  };

  Provenance made;
  int32_t pid = 0;
  std::string core;  // the file it is from; empty for one that runs
  std::string command;
  int64_t watched_ns = 0;  // how long `times` were counted; 0: they were not
  std::vector<Thread> threads;                // by tid
  std::vector<Hub> hubs;                      // by tid
  std::vector<GreenThread> green_threads;     // by hub, then by id
  std::vector<NamedStack> stacks;             // distinct, of green threads
  std::vector<SymbolFrame> spawn_sites;       // distinct
  absl::flat_hash_map<int32_t, FdFacts> fds;  // that they wait for, by number
  std::vector<std::string> gaps;              // what could not be had
};

// Of its threads' stacks and its green threads'.
PartialCounts CountPartial(const Dump& dump);

// "running", "runnable", "sleeping", "stopped", "zombie": as in the JSON.
absl::string_view ThreadStateName(ThreadState state);
// "ready", "running", "waiting", "finished".
absl::string_view GreenStateName(GreenState state);
// "timer", "fd", "join", "pool", "event", "other"; empty for kNone.
absl::string_view WaitReasonName(WaitReason reason);

}  // namespace hubspy

#endif  // HUBSPY_MODEL_DUMP_H_
