// Stalls: turns of a hub's loop that lasted longer than somebody wants to wait.
//
// Times named *_real_ns are on the machine's CLOCK_MONOTONIC.
#ifndef HUBSPY_MODEL_STALL_H_
#define HUBSPY_MODEL_STALL_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "model/profile.h"
#include "model/snapshot.h"
#include "model/stack.h"
#include "model/stall_totals.h"

namespace hubspy {

// What kept the loop from its next turn.
enum class StallCause {
  kGreenThread,  // one that did not give way
  kQueue,        // so many green threads that each had a short while
  kCallbacks,    // timers' callbacks
  kOwnCode,      // the thread's own code, which is no green thread
  kHub,          // the loop itself
  kUnknown,      // it was not seen while it lasted
};

struct StallReport {
  struct Look {
    int64_t after_ns = 0;  // since the stall began
    size_t stack = 0;      // index into StallReport::stacks
    ThreadState state = ThreadState::kRunning;
  };
  // Who was found running, and how often.
  struct Runner {
    StallCause kind = StallCause::kGreenThread;
    uint64_t id = 0;   // of a green thread, else 0
    std::string name;  // its name, or the function that it began in
    int64_t times = 0;
  };
  struct Stall {
    int32_t pid = 0;
    ThreadId hub_tid = 0;
    int64_t begin_real_ns = 0;
    int64_t length_ns = 0;          // at least
    int64_t perhaps_longer_ns = 0;  // by no more than that
    bool began_before = false;      // before there was a look
    bool under_way = false;         // when the recording ended
    StallCause cause = StallCause::kUnknown;
    uint64_t switches = 0;        // to green threads, in it
    uint64_t most_ready = 0;      // that waited for their turn at a time
    std::vector<Runner> runners;  // most often seen first
    std::vector<Look> looks;      // in order
    std::string problem;          // why there is no stack, where that is known
  };

  int32_t pid = 0;
  std::string command;
  int64_t begin_real_ns = 0;  // of the recording
  int64_t begin_unix_ns = 0;  // the same instant, since 1970, UTC
  StallTotals totals;         // of those that are not listed, too
  std::vector<Stall> stalls;  // by when they began; the longest of them
  std::vector<NamedStack> stacks;
};

}  // namespace hubspy

#endif  // HUBSPY_MODEL_STALL_H_
