// Reading a thread that is not running, without touching it.
//
//   auto files = ThreadFiles::Open(proc_dir, tid, counting);
//   auto look = LookWhileAsleep(*files, reader);
//
// How it can be trusted: read how often the thread has been put on a CPU, then
// where it is blocked (/proc's `syscall`, which the kernel answers only for a
// thread that is off its CPU), then its memory, then the count again. A thread
// must be put on a CPU, and be counted, before it can execute one instruction;
// so an unchanged count proves that all of it is of one instant.
//
// The surprising part: "asleep" includes stopped (by a signal, or by someone
// else's ptrace) and blocked in a page fault. It excludes a thread that waits
// for a CPU: /proc calls that running, and so do we.
#ifndef HUBSPY_TARGET_LINUX_ASLEEP_H_
#define HUBSPY_TARGET_LINUX_ASLEEP_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "model/snapshot.h"
#include "target/linux/proc_dir.h"
#include "target/linux/proc_files.h"
#include "target/linux/process_vm.h"

namespace hubspy {

// Which of the kernel's counts tells whether a thread has run.
enum class RunCounting {
  kTimesRun,       // schedstat's: counted as it is put on a CPU
  kTimesSwitched,  // status's: counted as it leaves one. For kernels built
                   // without CONFIG_SCHED_INFO; needs `syscall` read again,
                   // because a thread that woke up and runs is not counted yet.
};

// What this machine's kernel offers.
RunCounting DetectRunCounting();

// The files of one thread under /proc, held open: reading an open one costs a
// microsecond or two, opening it several times that.
class ThreadFiles {
 public:
  // NotFound when the process has no such thread.
  static absl::StatusOr<ThreadFiles> Open(const ProcDir& process, ThreadId tid,
                                          RunCounting counting);

  ThreadId tid() const { return tid_; }
  absl::StatusOr<uint64_t> TimesRun() const;
  // nullopt where the kernel does not count.
  std::optional<ThreadSchedule> Schedule() const;
  absl::StatusOr<std::optional<BlockedThread>> Blocked() const;
  absl::StatusOr<ThreadStat> Stat() const;
  // Whether the thread is still in the sleep that `token` names.
  absl::StatusOr<bool> StillIn(const SleepToken& token) const;

 private:
  ThreadFiles(ThreadId tid, RunCounting counting)
      : tid_(tid), counting_(counting) {}

  ThreadId tid_;
  RunCounting counting_;
  ScopedFd counts_;
  ScopedFd syscall_;
  ScopedFd stat_;
};

// ThreadFiles of a process's threads, kept open between looks as long as there
// are not too many: a program may have more threads than we may open files.
class ThreadFilesCache {
 public:
  explicit ThreadFilesCache(RunCounting counting);

  absl::StatusOr<std::shared_ptr<const ThreadFiles>> Get(const ProcDir& process,
                                                         ThreadId tid);
  void Forget(ThreadId tid) { files_.erase(tid); }
  // Forgets all threads but these, which are sorted.
  void KeepOnly(const std::vector<ThreadId>& tids);

 private:
  RunCounting counting_;
  size_t capacity_;
  absl::flat_hash_map<ThreadId, std::shared_ptr<const ThreadFiles>> files_;
};

enum class LookResult {
  kSnapshot,  // it slept all the while
  kRunning,   // it runs, or waits for a CPU
  kMoved,     // it slept, and then ran while we looked
};

struct Look {
  LookResult result = LookResult::kMoved;
  Snapshot snapshot;  // filled for kSnapshot
};

// `reader` has been prepared. NotFound: the thread is gone.
absl::StatusOr<Look> LookWhileAsleep(const ThreadFiles& files,
                                     StackReader& reader);

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LINUX_ASLEEP_H_
