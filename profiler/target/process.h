// Another process, seen from outside: the only door to it.
//
//   auto process = Process::Open(pid);              // Status: what to do
//   for (const ThreadInfo& t : *(*process)->Threads())
//     auto snapshot = (*process)->Capture({.tid = t.tid});
//
// Promises: a thread that sleeps in a system call is never stopped, and a
// system call in progress never returns early because of us. A running thread
// is sampled by the kernel where the system allows it, or else held for as long
// as one bounded read takes, or on aarch64 not seen. Whatever ends this process
// (return, signal, SIGKILL) leaves the target running.
//
// The surprising part: everything here can fail at any time, because the
// target may exit between two lines. NotFound then says so.
#ifndef HUBSPY_TARGET_PROCESS_H_
#define HUBSPY_TARGET_PROCESS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/address.h"
#include "model/mapping.h"
#include "model/snapshot.h"
#include "target/memory.h"

namespace hubspy {

struct ThreadInfo {
  ThreadId tid = 0;
  std::string name;
  ThreadState state = ThreadState::kRunning;
  std::optional<SignalTaken> signal;  // of a core: what ended the process here
};

struct CaptureRequest {
  ThreadId tid = 0;
  // At most this much of the stack, from sp upwards, is copied.
  size_t max_stack_bytes = 64 * 1024;
  // And at most this much where the thread has to be held for it.
  size_t max_held_bytes = 64 * 1024;
  // Copied in the same instant as the stack, as a rule (see Snapshot::extra).
  std::vector<AddressRange> also;
  // The stack in an earlier snapshot of this thread ended too early to be of
  // use: what the kernel samples will not do this time, and copies more later.
  // Where it copies as much as it can already, its sample has to do.
  bool sample_was_too_small = false;
  // What an earlier snapshot of this thread said of its sleep. When it is
  // still in that sleep, nothing is read again.
  std::optional<SleepToken> known_sleep;
};

// The ways in which a thread may be looked at.
enum class CaptureWays {
  kAny,     // whichever costs a thread least, at each look
  kAsleep,  // only those that sleep
  kPerf,    // those that sleep, and what the kernel samples
  kPtrace,  // those that sleep, and those that run by a short stop
};

struct OpenOptions {
  CaptureWays ways = CaptureWays::kAny;
  // How often each thread will be looked at. 0: just now and then, for which
  // the kernel's sampling is not set up.
  double rate_hz = 0;
};

// What a JIT compiler in the target wrote of its code for perf, and for us.
struct PerfMapText {
  std::string file;         // its name: "perf-7.map"
  bool from_start = false;  // another file than before: what that said is void
  std::string text;         // what was appended to it since the last time
};

class Process {
 public:
  // NotFound: no such process, or a zombie. InvalidArgument: a kernel thread.
  // PermissionDenied: says which privilege is missing. FailedPrecondition:
  // not a program of this machine's architecture. Unimplemented: this machine
  // does not have these ways.
  static absl::StatusOr<std::unique_ptr<Process>> Open(
      int32_t pid, const OpenOptions& options = {});

  virtual ~Process() = default;

  virtual int32_t pid() const = 0;
  virtual std::string CommandLine() const = 0;
  virtual const Memory& memory() const = 0;
  virtual absl::StatusOr<std::vector<Mapping>> Mappings() const = 0;
  // Another one when the process has become another program by an exec; 0: not
  // known at the moment.
  virtual uint64_t ProgramMark() const = 0;
  // Sorted. Costs a fraction of what asking for each thread does.
  virtual absl::StatusOr<std::vector<ThreadId>> ThreadIds() const = 0;
  // NotFound: it is gone.
  virtual absl::StatusOr<ThreadInfo> Thread(ThreadId tid) const = 0;
  // Each of ThreadIds() that is not gone by then.
  absl::StatusOr<std::vector<ThreadInfo>> Threads() const;

  // NotFound: there is none. FailedPrecondition: there is one that is not to be
  // believed. ResourceExhausted: it has become too long to read on.
  virtual absl::StatusOr<PerfMapText> ReadPerfMap() = 0;

  // nullopt: still in `known_sleep`. NotFound: the thread is gone.
  // FailedPrecondition: it runs and cannot be stopped, because something else
  // (named) traces it, or because of `ways`. Aborted: it ran while we looked,
  // or the kernel has no new sample of it: look again.
  virtual absl::StatusOr<std::optional<Snapshot>> Capture(
      const CaptureRequest& request) = 0;

  // Threads will be looked at so often from now on: what else samples them
  // should not do so more often.
  virtual void ChangeRate(double /*rate_hz*/) {}

  // Why the kernel does not sample threads that run, which are then stopped, or
  // on some machines not seen; OK: it does, so far.
  virtual absl::Status PerfRefusal() const = 0;
  // Whether threads that run may be stopped for a look.
  virtual bool MayStopThreads() const = 0;

  // False once the process is gone or a zombie.
  virtual bool Alive() const = 0;

  // What cannot be had of it, a sentence each: of a process that runs, nothing.
  virtual std::vector<std::string> Gaps() const { return {}; }
};

}  // namespace hubspy

#endif  // HUBSPY_TARGET_PROCESS_H_
