// The one thread of ours that uses ptrace on a target.
//
//   TracerThread tracer;                          // starts nothing yet
//   tracer.Run(cpu, limit, [&] { ...; return AfterJob::kKeepThread; });
//
// Why a thread of its own:
//  - What a thread attached to, only that thread can command; a caller may
//    then use Process from whichever thread it likes.
//  - A thread that was told to stop and does not come to it, as others have its
//    CPU, can only be let go of once it has stopped: see LastAct. Whoever asked
//    need not wait for that.
//  - The kernel detaches everything a thread traces when it ends, which cannot
//    fail.
//  - A stop is several times shorter when made from the target's own CPU (11
//    against 44 us), and pinning this thread leaves the caller where it is.
//
// From when it wakes there until it sleeps again, it displaces the target.
// Hence all that can be done before and after is the caller's: it moves the
// tracer while that sleeps, and waits for a job's end without asking to be
// woken, as long as jobs take as a rule.
//
// The surprising part: a job is interrupted when it takes longer than its
// limit, by a signal that makes blocking system calls in it return EINTR. For
// this, SIGRTMAX belongs to TracerThread, process-wide.
#ifndef HUBSPY_TARGET_LINUX_TRACER_THREAD_H_
#define HUBSPY_TARGET_LINUX_TRACER_THREAD_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

namespace hubspy {

// What the tracer thread has still to do for what it is attached to, before it
// ends and another takes its place. Empty: nothing, it may go on to the next
// job.
using LastAct = std::function<void()>;

class TracerThread {
 public:
  using Job = absl::FunctionRef<LastAct()>;
  static constexpr int kAnyCpu = -1;

  TracerThread() = default;
  // Last acts that take longer than a moment go on without it.
  ~TracerThread();
  TracerThread(const TracerThread&) = delete;
  TracerThread& operator=(const TracerThread&) = delete;

  // Runs `job` on the tracer thread, on `cpu` as far as it is allowed to go
  // there, and waits until it has returned, but not for its last act.
  // ResourceExhausted when no thread can be started.
  absl::Status Run(int cpu, absl::Duration limit, Job job);

 private:
  // Of one thread and whoever gives it jobs; outlives both.
  struct Shared {
    std::mutex mutex;
    std::condition_variable given;     // a job, or the order to end
    std::condition_variable finished;  // the job, when `awaited`; all of them
    const Job* job = nullptr;          // to do, or being done
    bool awaited = false;
    bool ending = false;
    bool ended = false;
    bool acts_last = false;                   // it takes no more jobs
    std::atomic<uint64_t> jobs_finished = 0;  // for who spins
  };

  absl::Status Start();
  void End();
  static void Loop(Shared& shared);
  void MoveTo(int cpu);
  void SpinUntilFinished(uint64_t job_number) const;
  // Waits for the job's end, interrupting it when it takes too long.
  void Await(absl::Duration limit);

  std::thread thread_;
  std::shared_ptr<Shared> shared_;  // with thread_
  std::vector<std::shared_ptr<Shared>> acting_last_;
  int cpu_ = kAnyCpu;        // that thread_ was moved to
  uint64_t jobs_given_ = 0;  // to thread_
};

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LINUX_TRACER_THREAD_H_
