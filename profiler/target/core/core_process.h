// hubspy::Process over an ELF core file: a process as it was at one instant.
//
//   auto process = CoreProcess::Open("core.4711");   // Status: what to do
//
// Nothing changes between two looks, and nothing is ever gone: looking again
// shows the same. A core does not hold the names of threads, except for the
// main one's, nor what time it was.
#ifndef HUBSPY_TARGET_CORE_CORE_PROCESS_H_
#define HUBSPY_TARGET_CORE_CORE_PROCESS_H_

#include <memory>
#include <string>
#include <vector>

#include "target/core/core_memory.h"
#include "target/process.h"

namespace hubspy {

class CoreProcess : public Process {
 public:
  // NotFound, PermissionDenied: the file cannot be opened. InvalidArgument: it
  // is no core of a process of this machine.
  static absl::StatusOr<std::unique_ptr<Process>> Open(const std::string& file);

  explicit CoreProcess(ScopedFd core, CoreContents contents)
      : memory_(std::move(core), std::move(contents)) {}

  int32_t pid() const override { return core().pid; }
  std::string CommandLine() const override;
  const Memory& memory() const override { return memory_; }
  absl::StatusOr<std::vector<Mapping>> Mappings() const override;
  uint64_t ProgramMark() const override { return 1; }
  absl::StatusOr<std::vector<ThreadId>> ThreadIds() const override;
  absl::StatusOr<ThreadInfo> Thread(ThreadId tid) const override;
  absl::StatusOr<std::optional<Snapshot>> Capture(
      const CaptureRequest& request) override;
  // It was a file of the living process's.
  absl::StatusOr<PerfMapText> ReadPerfMap() override {
    return absl::NotFoundError("a core holds no map of a JIT's code");
  }
  // Nothing runs.
  absl::Status PerfRefusal() const override { return absl::OkStatus(); }
  bool MayStopThreads() const override { return false; }
  bool Alive() const override { return true; }
  std::vector<std::string> Gaps() const override { return memory_.Gaps(); }

 private:
  const CoreContents& core() const { return memory_.contents(); }
  // NotFound: it has no such thread.
  absl::StatusOr<const CoreThread*> Find(ThreadId tid) const;
  ThreadState StateOf(const CoreThread& thread) const;

  CoreMemory memory_;
};

}  // namespace hubspy

#endif  // HUBSPY_TARGET_CORE_CORE_PROCESS_H_
