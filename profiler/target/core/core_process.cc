#include "target/core/core_process.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

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
  return thread.system_call ? ThreadState::kSleeping : ThreadState::kRunning;
}

absl::StatusOr<std::vector<ThreadInfo>> CoreProcess::Threads() const {
  std::vector<ThreadInfo> threads;
  for (const CoreThread& thread : core().threads) {
    ThreadInfo info{.tid = thread.tid, .state = StateOf(thread)};
    if (thread.tid == core().pid) info.name = core().name;
    if (threads.empty()) info.signal = core().signal;
    threads.push_back(std::move(info));
  }
  std::sort(
      threads.begin(), threads.end(),
      [](const ThreadInfo& a, const ThreadInfo& b) { return a.tid < b.tid; });
  return threads;
}

absl::StatusOr<std::optional<Snapshot>> CoreProcess::Capture(
    const CaptureRequest& request) {
  const auto thread =
      std::find_if(core().threads.begin(), core().threads.end(),
                   [&](const CoreThread& t) { return t.tid == request.tid; });
  if (thread == core().threads.end()) {
    return absl::NotFoundError(
        absl::StrCat("the core has no thread ", request.tid));
  }
  const auto copy = [&](Address from, uint64_t size) {
    MemoryCopy memory{.begin = from};
    memory.bytes.resize(size);
    memory.bytes.resize(memory_.Read(from, absl::MakeSpan(memory.bytes)));
    return memory;
  };
  Snapshot snapshot{.tid = thread->tid,
                    .state = StateOf(*thread),
                    .method = CaptureMethod::kCore,
                    .registers = thread->registers,
                    .system_call = thread->system_call};
  const Address sp = thread->registers.sp();
  snapshot.stack = copy(
      sp, std::min<uint64_t>(request.max_stack_bytes, memory_.Following(sp)));
  for (const AddressRange& range : request.also) {
    snapshot.extra.push_back(copy(range.begin, range.size()));
  }
  return snapshot;
}

}  // namespace hubspy
