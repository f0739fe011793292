// The one thread of ours that uses ptrace on a target.
//
//   TracerThread tracer;                          // starts nothing yet
//   tracer.Run(cpu, limit, [&] { ...; return AfterJob::kKeepThread; });
//
// Why a thread of its own:
//  - What a thread attached to, only that thread can command; a caller may
//    then use Process from whichever thread it likes.
//  - The kernel detaches everything a thread traces when it ends. It is the
//    only way to let go of a thread that was told to stop and did not come to
//    it (PTRACE_DETACH works on stopped threads only), and it cannot fail.
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
#include <mutex>
#include <optional>
#include <thread>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

namespace hubspy {

// Whether the tracer thread may go on to the next job, or has to end so that
// the kernel lets go of what it is still attached to.
enum class AfterJob { kKeepThread, kEndThread };

class TracerThread {
 public:
  using Job = absl::FunctionRef<AfterJob()>;
  static constexpr int kAnyCpu = -1;

  TracerThread() = default;
  ~TracerThread();
  TracerThread(const TracerThread&) = delete;
  TracerThread& operator=(const TracerThread&) = delete;

  // Runs `job` on the tracer thread, on `cpu` as far as it is allowed to go
  // there, and waits until it has returned (and, for kEndThread, until the
  // thread has ended). ResourceExhausted when no thread can be started.
  absl::Status Run(int cpu, absl::Duration limit, Job job);

 private:
  absl::Status Start();
  void End();
  void Loop();
  void MoveTo(int cpu);
  void SpinUntilFinished(uint64_t job_number) const;
  // Waits for the job's end, interrupting it when it takes too long.
  AfterJob Await(absl::Duration limit);

  std::thread thread_;
  int cpu_ = kAnyCpu;  // that it was moved to
  std::mutex mutex_;
  std::condition_variable given_;     // a job, or the order to end
  std::condition_variable finished_;  // the job, when `awaited_`
  const Job* job_ = nullptr;          // to do, or being done
  std::optional<AfterJob> result_;    // of the job that is done
  bool awaited_ = false;
  bool ending_ = false;
  uint64_t jobs_given_ = 0;
  std::atomic<uint64_t> jobs_finished_ = 0;
};

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LINUX_TRACER_THREAD_H_
