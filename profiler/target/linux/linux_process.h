// hubspy::Process on Linux: composes the parts of this folder.
//
// A capture first looks whether the thread is asleep, on the caller's thread.
// If not, a sample that the kernel took of it will do, if there is one and
// nothing else is wanted of the same instant. Else it is stopped for an instant
// (thread_stopper.h), where that can be done unnoticed.
//
// Where more threads want a CPU than there are, one that is to be stopped has
// to get its turn first. Such waiting is bounded, for each and in sum.
#ifndef HUBSPY_TARGET_LINUX_LINUX_PROCESS_H_
#define HUBSPY_TARGET_LINUX_LINUX_PROCESS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "target/linux/asleep.h"
#include "target/linux/cpu_share.h"
#include "target/linux/perf_map_file.h"
#include "target/linux/perf_samples.h"
#include "target/linux/proc_dir.h"
#include "target/linux/process_vm.h"
#include "target/linux/sleep_watch.h"
#include "target/linux/thread_stopper.h"
#include "target/process.h"

namespace hubspy {

class LinuxProcess : public Process {
 public:
  // `directory`: of a process that may be looked at (see CheckTarget).
  LinuxProcess(ProcDir directory, RunCounting counting,
               const OpenOptions& options);

  int32_t pid() const override { return directory_.pid(); }
  std::string CommandLine() const override;
  const Memory& memory() const override { return memory_; }
  absl::StatusOr<std::vector<Mapping>> Mappings() const override;
  uint64_t ProgramMark() const override;
  absl::StatusOr<std::vector<ThreadId>> ThreadIds() const override;
  absl::StatusOr<ThreadInfo> Thread(ThreadId tid) const override;
  absl::StatusOr<PerfMapText> ReadPerfMap() override {
    return perf_map_.ReadOn(directory_);
  }
  absl::StatusOr<std::optional<Snapshot>> Capture(
      const CaptureRequest& request) override;
  void ChangeRate(double rate_hz) override;
  absl::Status PerfRefusal() const override {
    return perf_ ? perf_->refusal() : absl::OkStatus();
  }
  bool MayStopThreads() const override { return stopper_ != nullptr; }
  bool Alive() const override;

 private:
  absl::StatusOr<std::optional<Snapshot>> TryCapture(
      const CaptureRequest& request);
  absl::StatusOr<bool> StillAsleep(const ThreadFiles& files,
                                   const SleepToken& token);
  absl::StatusOr<std::optional<Snapshot>> TakeAsleep(
      const ThreadFiles& files, const CaptureRequest& request);
  std::optional<Snapshot> TakeSample(const ThreadFiles& files,
                                     const CaptureRequest& request,
                                     std::optional<uint64_t> switches_before);
  absl::StatusOr<Snapshot> TakeByStop(const ThreadFiles& files,
                                      size_t max_held_bytes);
  CpuShare& NoteShare(const ThreadFiles& files);
  void Forget(ThreadId tid);
  // Of one that runs, without a stop.
  absl::StatusOr<std::optional<Snapshot>> TakeUnstopped(
      const ThreadFiles& files, const CaptureRequest& request);
  absl::StatusOr<std::optional<Snapshot>> AwaitSample(
      const ThreadFiles& files, const CaptureRequest& request);

  ProcDir directory_;
  ProcessVmMemory memory_;
  StackReader reader_;
  mutable ThreadFilesCache files_;
  const CaptureWays ways_;
  // Absent: not wanted.
  mutable std::optional<PerfSampler> perf_;
  mutable std::optional<SleepWatch> sleep_watch_;
  // Of threads whose switches are not written down.
  mutable absl::flat_hash_map<ThreadId, CpuShare> cpu_shares_;
  std::unique_ptr<ThreadStopper> stopper_;  // null: none is stopped
  const bool sampling_;
  int64_t next_stop_ns_ = 0;  // no stop before, when sampling
  PerfMapFile perf_map_;
};

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LINUX_LINUX_PROCESS_H_
