#include "target/linux/asleep.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace hubspy {
namespace {

constexpr size_t kFilesPerThread = 3;

// Of the files that this process may open, threads get half.
size_t ThreadsToKeepOpen() {
  constexpr size_t kEnough = 1024;
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  return std::min<size_t>(kEnough, limit.rlim_cur / 2 / kFilesPerThread);
}

absl::Status ThreadGone(ThreadId tid) {
  return absl::NotFoundError(absl::StrCat("thread ", tid, " has exited"));
}

}  // namespace

RunCounting DetectRunCounting() {
  // Whoever reads this is running, so a kernel that counts says at least 1.
  const absl::StatusOr<ProcDir> self = ProcDir::Open(getpid());
  if (!self.ok()) return RunCounting::kTimesSwitched;
  const absl::StatusOr<std::string> text = self->ReadFile("schedstat");
  return text.ok() && ParseTimesRun(*text) ? RunCounting::kTimesRun
                                           : RunCounting::kTimesSwitched;
}

absl::StatusOr<ThreadFiles> ThreadFiles::Open(const ProcDir& process,
                                              ThreadId tid,
                                              RunCounting counting) {
  ThreadFiles files(tid, counting);
  const auto open = [&](absl::string_view name) {
    return process.OpenFile(absl::StrCat("task/", tid, "/", name));
  };
  absl::StatusOr<ScopedFd> counts =
      open(counting == RunCounting::kTimesRun ? "schedstat" : "status");
  if (!counts.ok()) return counts.status();
  absl::StatusOr<ScopedFd> syscall = open("syscall");
  if (!syscall.ok()) return syscall.status();
  absl::StatusOr<ScopedFd> stat = open("stat");
  if (!stat.ok()) return stat.status();
  files.counts_ = *std::move(counts);
  files.syscall_ = *std::move(syscall);
  files.stat_ = *std::move(stat);
  return files;
}

absl::StatusOr<uint64_t> ThreadFiles::TimesRun() const {
  std::array<char, 16384> buffer;  // status names every group of its user
  const auto text = ReadText(counts_, absl::MakeSpan(buffer));
  if (!text.ok()) return text.status();
  if (counting_ == RunCounting::kTimesSwitched) {
    const auto status = ParseStatus(*text);
    if (!status.ok()) return status.status();
    return status->times_switched;
  }
  const std::optional<uint64_t> times_run = ParseTimesRun(*text);
  // A thread that has never run yet: "0 0 0", as from a kernel that does not
  // count. It cannot have a sleep to compare with.
  return times_run.value_or(0);
}

std::optional<ThreadSchedule> ThreadFiles::Schedule() const {
  if (counting_ != RunCounting::kTimesRun) return std::nullopt;
  std::array<char, 128> buffer;
  const auto text = ReadText(counts_, absl::MakeSpan(buffer));
  return text.ok() ? ParseSchedstat(*text) : std::nullopt;
}

absl::StatusOr<std::optional<BlockedThread>> ThreadFiles::Blocked() const {
  std::array<char, 512> buffer;
  const auto text = ReadText(syscall_, absl::MakeSpan(buffer));
  if (!text.ok()) return text.status();
  auto blocked = ParseSyscall(*text);
  // The kernel says "-1 0x0 0x0" of a thread whose stack it has freed.
  if (blocked.ok() && blocked->has_value() && !(*blocked)->pc &&
      !(*blocked)->sp) {
    return ThreadGone(tid_);
  }
  return blocked;
}

absl::StatusOr<ThreadStat> ThreadFiles::Stat() const {
  std::array<char, 2048> buffer;
  const auto text = ReadText(stat_, absl::MakeSpan(buffer));
  if (!text.ok()) return text.status();
  return ParseStat(*text);
}

absl::StatusOr<bool> ThreadFiles::StillIn(const SleepToken& token) const {
  if (counting_ == RunCounting::kTimesSwitched) {
    // In this order: a thread that ran after we saw it blocked here has been
    // counted by the time it is seen blocked again.
    const auto blocked = Blocked();
    if (!blocked.ok()) return blocked.status();
    if (!blocked->has_value() || (*blocked)->pc != token.pc ||
        (*blocked)->sp != token.sp) {
      return false;
    }
  }
  const auto times_run = TimesRun();
  if (!times_run.ok()) return times_run.status();
  return *times_run == token.times_run;
}

ThreadFilesCache::ThreadFilesCache(RunCounting counting)
    : counting_(counting), capacity_(ThreadsToKeepOpen()) {}

absl::StatusOr<std::shared_ptr<const ThreadFiles>> ThreadFilesCache::Get(
    const ProcDir& process, ThreadId tid) {
  if (const auto found = files_.find(tid); found != files_.end()) {
    return found->second;
  }
  absl::StatusOr<ThreadFiles> opened =
      ThreadFiles::Open(process, tid, counting_);
  if (!opened.ok()) return opened.status();
  auto files = std::make_shared<const ThreadFiles>(*std::move(opened));
  // Full means full: threads are looked at in turn, so that dropping the one
  // not used for longest would drop each just before its next turn.
  if (files_.size() < capacity_) files_.emplace(tid, files);
  return files;
}

void ThreadFilesCache::KeepOnly(const std::vector<ThreadId>& tids) {
  absl::erase_if(files_, [&](const auto& entry) {
    return !std::binary_search(tids.begin(), tids.end(), entry.first);
  });
}

absl::StatusOr<Look> LookWhileAsleep(const ThreadFiles& files,
                                     StackReader& reader) {
  const auto times_run = files.TimesRun();
  if (!times_run.ok()) return times_run.status();
  const auto blocked = files.Blocked();
  if (!blocked.ok()) return blocked.status();
  if (!blocked->has_value()) return Look{.result = LookResult::kRunning};
  const BlockedThread& thread = **blocked;
  const SleepToken token{*times_run, thread.pc, thread.sp};

  reader.Read(files.tid(), thread.sp);
  const auto stat = files.Stat();
  if (!stat.ok()) return stat.status();

  const auto still = files.StillIn(token);
  if (!still.ok()) return still.status();
  if (!*still) return Look{.result = LookResult::kMoved};
  if (stat->state == ThreadState::kZombie) return ThreadGone(files.tid());

  // On its way back to a CPU (the kernel's TASK_WAKING), which `syscall` takes
  // for blocked. Inside a system call, the sleep it comes from is worth having,
  // and spares it a stop; anywhere else, it was us or a signal that held it.
  if (stat->state == ThreadState::kRunning && !thread.system_call) {
    return Look{.result = LookResult::kMoved};
  }

  Look look{.result = LookResult::kSnapshot};
  look.snapshot.tid = files.tid();
  look.snapshot.state = stat->state == ThreadState::kStopped
                            ? ThreadState::kStopped
                            : ThreadState::kSleeping;
  look.snapshot.method = CaptureMethod::kAsleep;
  look.snapshot.registers = Registers::FromPcAndSp(thread.pc, thread.sp);
  look.snapshot.system_call = thread.system_call;
  look.snapshot.sleep = token;
  look.snapshot.stack = reader.Stack();
  look.snapshot.extra = reader.Extra();
  return look;
}

}  // namespace hubspy
