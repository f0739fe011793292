// Every stack of a process at one look: what `hubspy dump` prints.
#ifndef HUBSPY_MODEL_DUMP_H_
#define HUBSPY_MODEL_DUMP_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/hub.h"
#include "model/profile.h"
#include "model/recording.h"
#include "model/snapshot.h"
#include "model/stack.h"

namespace hubspy {

struct Dump {
  // Innermost frame first, a marker where some were left out; what is behind
  // `end` could not be walked.
  struct NamedStack {
    std::vector<SymbolFrame> frames;
    StackEnd end = StackEnd::kComplete;
  };
  struct Thread {
    ThreadId tid = 0;
    std::string name;
    ThreadState state = ThreadState::kRunning;
    NamedStack stack;
    std::optional<SignalTaken> signal;  // that ended the process here
    std::string problem;  // why there is no stack; empty when there is one
  };
  struct GreenThread {
    GreenThreadView view;
    NamedStack stack;  // empty for one that has not begun
  };

  int32_t pid = 0;
  std::string core;  // the file it is from; empty for one that runs
  std::string command;
  std::vector<Thread> threads;             // by tid
  std::vector<GreenThread> green_threads;  // by hub, then by id
  std::vector<std::string> gaps;           // what could not be had
};

// Of its threads' stacks and its green threads'.
PartialCounts CountPartial(const Dump& dump);

// "running", "sleeping", "stopped", "zombie": as in the JSON.
absl::string_view ThreadStateName(ThreadState state);
// "ready", "running", "waiting", "finished".
absl::string_view GreenStateName(GreenState state);
// "timer", "fd", "join", "pool", "event", "other"; empty for kNone.
absl::string_view WaitReasonName(WaitReason reason);

}  // namespace hubspy

#endif  // HUBSPY_MODEL_DUMP_H_
