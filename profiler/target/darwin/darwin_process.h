// hubspy::Process on macOS: composes the parts of this folder.
//
// A capture suspends the thread, reads its registers and one bounded part of
// its stack, and resumes it. The surprising part: that is harmless to a thread
// that sleeps in a system call, as ptrace's stop is not. thread_suspend only
// asks for a stop on the way back to user space, and wakes nobody up (xnu,
// osfmk/kern/thread_act.c, thread_hold: it sets AST_APC; only thread_abort ends
// a wait). So there is no second way to look at one that sleeps.
//
// What could not be tried: this project has no Mac. It is compiled and linked
// for macOS, and what is bytes in here is tested elsewhere.
#ifndef HUBSPY_TARGET_DARWIN_DARWIN_PROCESS_H_
#define HUBSPY_TARGET_DARWIN_DARWIN_PROCESS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "target/darwin/mach_port.h"
#include "target/darwin/task_memory.h"
#include "target/darwin/thread_ports.h"
#include "target/process.h"

namespace hubspy {

class DarwinProcess : public Process {
 public:
  // `task`: see OpenTask.
  DarwinProcess(int32_t pid, MachPort task, const OpenOptions& options);

  int32_t pid() const override { return pid_; }
  std::string CommandLine() const override;
  const Memory& memory() const override { return memory_; }
  absl::StatusOr<std::vector<Mapping>> Mappings() const override;
  uint64_t ProgramMark() const override;
  absl::StatusOr<std::vector<ThreadId>> ThreadIds() const override;
  absl::StatusOr<ThreadInfo> Thread(ThreadId tid) const override;
  // Those compilers that write one do so on Linux.
  absl::StatusOr<PerfMapText> ReadPerfMap() override {
    return absl::NotFoundError("on macOS no JIT compiler writes a map");
  }
  absl::StatusOr<std::optional<Snapshot>> Capture(
      const CaptureRequest& request) override;
  // There is nothing that would sample them.
  absl::Status PerfRefusal() const override { return absl::OkStatus(); }
  bool MayStopThreads() const override { return true; }
  bool Alive() const override;

 private:
  // NotFound: it is gone.
  absl::StatusOr<Address> DyldInfos() const;

  int32_t pid_;
  MachPort task_;
  TaskMemory memory_;
  mutable ThreadPorts threads_;
  const CaptureWays ways_;
  // As they were at this mark of dyld's list: reading them takes milliseconds.
  mutable uint64_t mappings_mark_ = 0;
  mutable std::vector<Mapping> mappings_;
};

}  // namespace hubspy

#endif  // HUBSPY_TARGET_DARWIN_DARWIN_PROCESS_H_
