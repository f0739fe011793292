#include "target/core/core_process.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "target/core/user_registers.h"

namespace hubspy {

absl::StatusOr<std::unique_ptr<Process>> CoreProcess::Open(
    const std::string& file) {
  // Not to wait for a writer, should it be a pipe.
  ScopedFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot open core ", file));
  }
  struct stat status;
  if (fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, " is not a regular file: give a core file"));
  }
  const auto read = [&](uint64_t offset, absl::Span<std::byte> into) {
    return ReadFile(fd, offset, into) == into.size();
  };
  absl::StatusOr<CoreContents> contents =
      ParseCore(read, static_cast<uint64_t>(status.st_size));
  if (!contents.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "cannot read ", file, " as a core: ", contents.status().message()));
  }
  return std::make_unique<CoreProcess>(std::move(fd), *std::move(contents));
}

std::string CoreProcess::CommandLine() const {
  if (!core().arguments.empty()) {
    return std::string(absl::StripSuffix(core().arguments, " "));
  }
  return absl::StrCat("[", core().name, "]");
}

absl::StatusOr<std::vector<Mapping>> CoreProcess::Mappings() const {
  std::vector<Mapping> mappings = memory_.mappings();
  if (!core().vdso) return mappings;
  for (const CoreSegment& segment : core().segments) {
    if (!segment.range.Contains(*core().vdso)) continue;
    mappings.push_back({.range = {*core().vdso, segment.range.end},
                        .readable = true,
                        .executable = true,
                        .path = "[vdso]"});
    break;
  }
  return mappings;
}

ThreadState CoreProcess::StateOf(const CoreThread& thread) const {
  if (core().stopped) return ThreadState::kStopped;
  return SleptIn(thread.user_registers, memory_) ? ThreadState::kSleeping
                                                 : ThreadState::kRunning;
}

absl::StatusOr<const CoreThread*> CoreProcess::Find(ThreadId tid) const {
  for (const CoreThread& thread : core().threads) {
    if (thread.tid == tid) return &thread;
  }
  return absl::NotFoundError(absl::StrCat("the core has no thread ", tid));
}

absl::StatusOr<std::vector<ThreadId>> CoreProcess::ThreadIds() const {
  std::vector<ThreadId> tids;
  for (const CoreThread& thread : core().threads) tids.push_back(thread.tid);
  std::sort(tids.begin(), tids.end());
  return tids;
}

absl::StatusOr<ThreadInfo> CoreProcess::Thread(ThreadId tid) const {
  const absl::StatusOr<const CoreThread*> thread = Find(tid);
  if (!thread.ok()) return thread.status();
  ThreadInfo info{.tid = tid, .state = StateOf(**thread)};
  if (tid == core().pid) info.name = core().name;
  // The kernel and gdb put the thread that took the signal first.
  if (*thread == &core().threads.front()) info.signal = core().signal;
  return info;
}

absl::StatusOr<std::optional<Snapshot>> CoreProcess::Capture(
    const CaptureRequest& request) {
  const absl::StatusOr<const CoreThread*> found = Find(request.tid);
  if (!found.ok()) return found.status();
  const CoreThread& thread = **found;
  const auto copy = [&](Address from, uint64_t size) {
    MemoryCopy memory{.begin = from};
    memory.bytes.resize(size);
    memory.bytes.resize(memory_.Read(from, absl::MakeSpan(memory.bytes)));
    return memory;
  };
  Snapshot snapshot{.tid = thread.tid,
                    .state = StateOf(thread),
                    .method = CaptureMethod::kCore,
                    .registers = thread.registers,
                    .system_call = SleptIn(thread.user_registers, memory_)};
  const Address sp = thread.registers.sp();
  snapshot.stack = copy(
      sp, std::min<uint64_t>(request.max_stack_bytes, memory_.Following(sp)));
  for (const AddressRange& range : request.also) {
    snapshot.extra.push_back(copy(range.begin, range.size()));
  }
  return snapshot;
}

}  // namespace hubspy
