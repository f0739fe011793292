// One short ptrace stop of one running thread; attaches and detaches each time.
//
//   PtraceStop stop(tid);                // on a TracerThread
//   auto thread = stop.Begin();          // its registers
//   if (thread.ok()) ...                 // read its memory: it holds still
//   LastAct last_act = stop.End();
//
// Promises: afterwards the thread goes on as if nothing had been: no trace is
// left on it, signals that came meanwhile are delivered, a job control stop
// holds, and a system call that the stop interrupted is started again by the
// kernel instead of returning EINTR.
//
// Why attach each time: signals to a thread that stays attached wait until its
// tracer looks. It costs 1.4 us outside of the stop, and nothing inside.
//
// The surprising part: End may find that the thread is attached but has not
// stopped yet, as it waits for a CPU. To let go of it now would leave it woken
// from its system call, which then returns EINTR. So what is left is a last
// act: to wait for the stop, mend what it did, and let go.
#ifndef HUBSPY_TARGET_LINUX_PTRACE_STOP_H_
#define HUBSPY_TARGET_LINUX_PTRACE_STOP_H_

#include <chrono>
#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/registers.h"
#include "model/snapshot.h"
#include "target/linux/tracer_thread.h"

namespace hubspy {

struct StoppedThread {
  ThreadState state = ThreadState::kRunning;  // but for our stop
  Registers registers;
  std::optional<SystemCall> system_call;  // that it is about to leave
};

class PtraceStop {
 public:
  explicit PtraceStop(ThreadId tid) : tid_(tid) {}
  ~PtraceStop();
  PtraceStop(const PtraceStop&) = delete;
  PtraceStop& operator=(const PtraceStop&) = delete;

  // Holds the thread. NotFound: it is gone. PermissionDenied: it may not be
  // traced, or is by something else. DeadlineExceeded: it did not stop before
  // the job was interrupted. FailedPrecondition: it runs 32-bit code.
  absl::StatusOr<StoppedThread> Begin();
  // Lets go. Not empty: what remains to be done for that, by the calling
  // thread.
  LastAct End();

  // From before the stop was asked for until after it; 0 before End. Where CPUs
  // are scarce this includes the thread's own wait for one.
  int64_t pause_ns() const { return pause_ns_; }

 private:
  enum class Hold { kNone, kAttached, kStopped };

  absl::Status Interrupt();
  absl::Status AwaitStop();
  absl::StatusOr<StoppedThread> ReadRegisters();
  void EndOnceStopped();

  ThreadId tid_;
  Hold hold_ = Hold::kNone;
  bool job_control_stop_ = false;
  int pending_signal_ = 0;  // that it was about to take when it stopped
  std::chrono::steady_clock::time_point began_;
  int64_t pause_ns_ = 0;
};

// Whether a system call that returned -EINTR into a stop of ours may simply be
// made again: it is one that waits, and had done nothing yet. Exposed for its
// test.
bool MayBeMadeAgain(int64_t system_call);

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LINUX_PTRACE_STOP_H_
