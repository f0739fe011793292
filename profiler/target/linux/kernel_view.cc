#include "target/kernel_view.h"

#include <unistd.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "target/linux/asleep.h"
#include "target/linux/cgroups.h"
#include "target/linux/fd_look.h"
#include "target/linux/proc_dir.h"
#include "target/linux/proc_files.h"
#include "target/linux/system_call_facts.h"
#include "target/printable.h"
#include "target/process_ids.h"

namespace hubspy {
namespace {

// USER_HZ, in which /proc counts, is 100 on x86_64 (time(7)).
constexpr int64_t kUserTickNs = 10'000'000;

// A thread that does little else than this call is soon in it again.
constexpr int kExplainAttempts = 3;

class NoMemory final : public Memory {
 public:
  size_t Read(Address, absl::Span<std::byte>) const override { return 0; }
};

std::string NameOfProcess(int32_t pid) {
  const absl::StatusOr<ProcDir> process = ProcDir::Open(pid);
  if (!process.ok()) return "";
  const absl::StatusOr<std::string> name = process->ReadFile("comm");
  if (!name.ok()) return "";
  return Printable(absl::StripSuffix(*name, "\n"));
}

class LinuxKernelView final : public KernelView {
 public:
  explicit LinuxKernelView(ProcDir directory)
      : directory_(std::move(directory)) {}

  std::optional<uint64_t> SignalsHandled() const override {
    const absl::StatusOr<std::string> text = directory_.ReadFile("status");
    if (!text.ok()) return std::nullopt;
    const absl::StatusOr<ThreadStatus> status = ParseStatus(*text);
    if (!status.ok()) return std::nullopt;
    return status->signals_handled;
  }

  std::optional<ThreadSchedule> Schedule(ThreadId tid) const override {
    const absl::StatusOr<std::string> text =
        directory_.ReadFile(absl::StrCat("task/", tid, "/schedstat"));
    if (!text.ok()) return std::nullopt;
    return ParseSchedstat(*text);
  }

  CgroupFacts Cgroups(ThreadId tid) const override {
    const absl::StatusOr<std::string> membership =
        directory_.ReadFile(absl::StrCat("task/", tid, "/cgroup"));
    const absl::StatusOr<ProcDir> self = ProcDir::Open(getpid());
    if (!membership.ok() || !self.ok()) return {};
    const absl::StatusOr<std::string> mounts = self->ReadFile("mountinfo");
    if (!mounts.ok()) return {};
    return LookAtCgroups(FindCgroups(*membership, *mounts));
  }

  Tracer TracerOf(ThreadId tid) const override {
    const absl::StatusOr<std::string> text =
        directory_.ReadFile(absl::StrCat("task/", tid, "/status"));
    if (!text.ok()) return {};
    const absl::StatusOr<ThreadStatus> status = ParseStatus(*text);
    if (!status.ok() || status->tracer_id == 0) return {};
    return {.pid = status->tracer_id, .name = NameOfProcess(status->tracer_id)};
  }

  CpuTimes CpuTimesNow(ThreadId tid) const override {
    CpuTimes times;
    const absl::StatusOr<std::string> status =
        directory_.ReadFile(absl::StrCat("task/", tid, "/status"));
    if (status.ok()) times.allowed_cpus = ParseAllowedCpus(*status);
    for (const int32_t pid : ProcessIds()) {
      const absl::StatusOr<ProcDir> process = ProcDir::Open(pid);
      if (!process.ok()) continue;
      const absl::StatusOr<std::string> text = process->ReadFile("stat");
      if (!text.ok()) continue;
      absl::StatusOr<ThreadStat> stat = ParseStat(*text);
      if (!stat.ok()) continue;
      times.processes[pid] = {
          .name = std::move(stat->name),
          .used_ns = static_cast<int64_t>(stat->cpu_ticks) * kUserTickNs,
          .cpu = stat->cpu};
    }
    return times;
  }

  FdFacts LookAtFd(int32_t fd) const override {
    return LookAtFdOf(directory_, fd);
  }

  std::optional<std::vector<int32_t>> PolledFds(
      int32_t epoll_fd) const override {
    const absl::StatusOr<std::string> text =
        directory_.ReadFile(absl::StrCat("fdinfo/", epoll_fd));
    if (!text.ok()) return std::nullopt;
    return ParsePolledFds(*text);
  }

  CallFacts Explain(ThreadId tid, const SystemCall& call,
                    const Memory& memory) const override {
    const auto files = ThreadFiles::Open(directory_, tid, counting_);
    for (int i = 0; files.ok() && i < kExplainAttempts; ++i) {
      const std::optional<SleepToken> sleep = SleepIn(call, *files);
      if (!sleep) continue;
      CallFacts facts = ExplainWith(memory, call);
      if (files->StillIn(*sleep).value_or(false)) return facts;
    }
    return ExplainWith(NoMemory(), call);
  }

 private:
  // nullopt: the thread is not in that call.
  static std::optional<SleepToken> SleepIn(const SystemCall& call,
                                           const ThreadFiles& files) {
    const auto times_run = files.TimesRun();
    const auto blocked = files.Blocked();
    if (!times_run.ok() || !blocked.ok() || !blocked->has_value() ||
        (*blocked)->system_call != call) {
      return std::nullopt;
    }
    return SleepToken{*times_run, (*blocked)->pc, (*blocked)->sp};
  }

  CallFacts ExplainWith(const Memory& memory, const SystemCall& call) const {
    return ExplainSystemCall(
        call, memory, [this](int32_t fd) { return LookAtFd(fd); },
        [this](int32_t tid) { return FindThread(tid); });
  }

  // By its id in the innermost pid namespace that it is in.
  std::optional<ThreadId> FindThread(int32_t innermost_id) const {
    const absl::StatusOr<std::vector<int32_t>> tids = directory_.ThreadIds();
    if (!tids.ok()) return std::nullopt;
    for (const int32_t tid : *tids) {
      const absl::StatusOr<std::string> text =
          directory_.ReadFile(absl::StrCat("task/", tid, "/status"));
      if (!text.ok()) continue;
      const absl::StatusOr<ThreadStatus> status = ParseStatus(*text);
      if (status.ok() && status->innermost_id == innermost_id) return tid;
    }
    return std::nullopt;
  }

  ProcDir directory_;
  RunCounting counting_ = DetectRunCounting();
};

}  // namespace

absl::StatusOr<std::unique_ptr<KernelView>> KernelView::Open(int32_t pid) {
  absl::StatusOr<ProcDir> directory = ProcDir::Open(pid);
  if (!directory.ok()) return directory.status();
  return std::make_unique<LinuxKernelView>(*std::move(directory));
}

}  // namespace hubspy
