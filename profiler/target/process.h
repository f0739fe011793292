// Another process, seen from outside: the only door to it.
//
//   auto process = Process::Open(pid);              // Status: what to do
//   for (const ThreadInfo& t : *(*process)->Threads())
//     auto snapshot = (*process)->Capture({.tid = t.tid});
//
// Promises: a thread that sleeps in a system call is never stopped, and a
// system call in progress never returns early because of us. A running thread
// is held for as long as one bounded read takes. Whatever ends this process
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
  // Copied in the same instant as the stack.
  std::vector<AddressRange> also;
  // What an earlier snapshot of this thread said of its sleep. When it is
  // still in that sleep, nothing is read again.
  std::optional<SleepToken> known_sleep;
};

class Process {
 public:
  // NotFound: no such process, or a zombie. InvalidArgument: a kernel thread.
  // PermissionDenied: says which privilege is missing. FailedPrecondition:
  // not a program of this machine's architecture.
  static absl::StatusOr<std::unique_ptr<Process>> Open(int32_t pid);

  virtual ~Process() = default;

  virtual int32_t pid() const = 0;
  virtual std::string CommandLine() const = 0;
  virtual const Memory& memory() const = 0;
  virtual absl::StatusOr<std::vector<Mapping>> Mappings() const = 0;
  // Sorted by thread id.
  virtual absl::StatusOr<std::vector<ThreadInfo>> Threads() const = 0;

  // nullopt: still in `known_sleep`. NotFound: the thread is gone.
  // FailedPrecondition: it runs and cannot be stopped, because something else
  // (named) traces it. Aborted: it ran while we looked, look again.
  virtual absl::StatusOr<std::optional<Snapshot>> Capture(
      const CaptureRequest& request) = 0;

  // False once the process is gone or a zombie.
  virtual bool Alive() const = 0;

  // What cannot be had of it, a sentence each: of a process that runs, nothing.
  virtual std::vector<std::string> Gaps() const { return {}; }
};

}  // namespace hubspy

#endif  // HUBSPY_TARGET_PROCESS_H_
