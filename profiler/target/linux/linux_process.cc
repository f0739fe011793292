#include "target/linux/linux_process.h"

#include <time.h>

#include <algorithm>

#include "absl/hash/hash.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "target/linux/check_target.h"
#include "target/linux/mapped_files.h"
#include "target/linux/proc_files.h"
#include "target/linux/started_as.h"
#include "target/now.h"
#include "target/printable.h"

namespace hubspy {
namespace {

// Of a thread that is looked at once: all that is needed of its stack as a
// rule, soon, and how long that may take on a busy machine.
constexpr PerfSamples::Options kOneSample = {
    .period_ns = 1'000'000, .stack_bytes = 32 * 1024, .read_bytes = 32 * 1024};
constexpr int64_t kOneSampleLimitNs = 100'000'000;

// A stop of this length was a wait for a CPU.
constexpr int64_t kLongStopNs = 1'000'000;

}  // namespace

absl::StatusOr<std::unique_ptr<Process>> Process::Open(
    int32_t pid, const OpenOptions& options) {
  if (options.ways == CaptureWays::kPtrace) {
    if (absl::Status can_stop = CanStopThreads(); !can_stop.ok()) {
      return can_stop;
    }
  }
  absl::StatusOr<ProcDir> directory = CheckTarget(pid);
  if (!directory.ok()) return directory.status();
  return std::make_unique<LinuxProcess>(*std::move(directory),
                                        DetectRunCounting(), options);
}

LinuxProcess::LinuxProcess(ProcDir directory, RunCounting counting,
                           const OpenOptions& options)
    : directory_(std::move(directory)),
      memory_(directory_),
      files_(counting),
      ways_(options.ways),
      sampling_(options.rate_hz > 0) {
  if (ways_ == CaptureWays::kAny || ways_ == CaptureWays::kPtrace) {
    stopper_ = MakeThreadStopper(directory_, reader_, sampling_);
  }
  const bool may_use_perf =
      ways_ == CaptureWays::kAny || ways_ == CaptureWays::kPerf;
  if (!may_use_perf) return;
  if (sampling_) {
    sleep_watch_.emplace();
    ChangeRate(options.rate_hz);
  } else if (stopper_ == nullptr) {
    perf_.emplace(kOneSample);
  }
}

void LinuxProcess::ChangeRate(double rate_hz) {
  if (!sleep_watch_) return;
  perf_.emplace(
      PerfSamples::Options{.period_ns = static_cast<int64_t>(1e9 / rate_hz)});
}

std::string LinuxProcess::CommandLine() const {
  const absl::StatusOr<std::string> text = directory_.ReadFile("cmdline");
  if (text.ok() && !text->empty()) return ParseCommandLine(*text);
  // A program may overwrite its arguments with nothing.
  const absl::StatusOr<std::string> name = directory_.ReadFile("comm");
  if (!name.ok()) return "";
  return absl::StrCat("[", Printable(absl::StripSuffix(*name, "\n")), "]");
}

absl::StatusOr<std::vector<Mapping>> LinuxProcess::Mappings() const {
  const absl::StatusOr<int32_t> tid = directory_.LivingThread();
  if (!tid.ok()) return tid.status();
  const absl::StatusOr<std::string> text =
      directory_.ReadFile(absl::StrCat("task/", *tid, "/maps"));
  if (!text.ok()) return text.status();
  absl::StatusOr<std::vector<Mapping>> mappings = ParseMaps(*text);
  if (!mappings.ok()) return mappings.status();
  return WithStartedAs(directory_, *tid, memory_,
                       WithOpenPaths(*tid, *std::move(mappings)));
}

// Each exec makes a new stack, at an address chosen at random, and maps a file
// of its own. Where nothing is random and the file is the same, so is the code.
uint64_t LinuxProcess::ProgramMark() const {
  const absl::StatusOr<std::string> text = directory_.ReadFile("stat");
  if (!text.ok()) return 0;
  const absl::StatusOr<ThreadStat> stat = ParseStat(*text);
  if (!stat.ok() || stat->stack_start == 0) return 0;
  return absl::HashOf(stat->code_start, stat->stack_start);
}

absl::StatusOr<std::vector<ThreadId>> LinuxProcess::ThreadIds() const {
  absl::StatusOr<std::vector<ThreadId>> tids = directory_.ThreadIds();
  if (!tids.ok()) return tids.status();
  files_.KeepOnly(*tids);
  if (perf_) perf_->KeepOnly(*tids);
  if (sleep_watch_) sleep_watch_->KeepOnly(*tids);
  absl::erase_if(cpu_shares_, [&](const auto& entry) {
    return !std::binary_search(tids->begin(), tids->end(), entry.first);
  });
  return tids;
}

absl::StatusOr<ThreadInfo> LinuxProcess::Thread(ThreadId tid) const {
  const absl::StatusOr<std::string> text =
      directory_.ReadFile(absl::StrCat("task/", tid, "/stat"));
  if (!text.ok()) return text.status();
  absl::StatusOr<ThreadStat> stat = ParseStat(*text);
  if (!stat.ok()) return stat.status();
  return ThreadInfo{tid, std::move(stat->name), stat->state};
}

void LinuxProcess::Forget(ThreadId tid) {
  files_.Forget(tid);
  if (perf_) perf_->Forget(tid);
  if (sleep_watch_) sleep_watch_->Forget(tid);
  cpu_shares_.erase(tid);
}

absl::StatusOr<std::optional<Snapshot>> LinuxProcess::Capture(
    const CaptureRequest& request) {
  absl::StatusOr<std::optional<Snapshot>> snapshot = TryCapture(request);
  if (absl::IsNotFound(snapshot.status())) Forget(request.tid);
  return snapshot;
}

absl::StatusOr<std::optional<Snapshot>> LinuxProcess::TryCapture(
    const CaptureRequest& request) {
  const std::optional<SleepToken>& known = request.known_sleep;
  if (known && sleep_watch_ && sleep_watch_->StillIn(request.tid, *known)) {
    return std::nullopt;
  }
  const auto files = files_.Get(directory_, request.tid);
  if (!files.ok()) return files.status();
  if (perf_) perf_->Update(request.tid);
  const std::optional<uint64_t> switches =
      perf_ ? perf_->SwitchesWritten(request.tid) : std::nullopt;
  if (known) {
    const absl::StatusOr<bool> same = StillAsleep(**files, *known);
    if (!same.ok()) return same.status();
    if (*same) return std::nullopt;
  }
  if (absl::Status prepared =
          reader_.Prepare(request.also, request.max_stack_bytes);
      !prepared.ok()) {
    return prepared;
  }
  absl::StatusOr<std::optional<Snapshot>> asleep = TakeAsleep(**files, request);
  if (!asleep.ok() || asleep->has_value()) return asleep;
  if (std::optional<Snapshot> sample = TakeSample(**files, request, switches)) {
    return sample;
  }
  if (stopper_ == nullptr) return TakeUnstopped(**files, request);
  absl::StatusOr<Snapshot> stopped =
      TakeByStop(**files, request.max_held_bytes);
  // Not before: the first event on a machine takes its time.
  if (perf_ && request.also.empty()) perf_->Begin(request.tid);
  if (!stopped.ok()) return stopped.status();
  return *std::move(stopped);
}

absl::StatusOr<bool> LinuxProcess::StillAsleep(const ThreadFiles& files,
                                               const SleepToken& token) {
  SleepWatch::Mark mark;
  if (sleep_watch_) mark = sleep_watch_->BeforeLook(files.tid());
  const absl::StatusOr<bool> same = files.StillIn(token);
  if (same.ok() && *same && sleep_watch_) {
    sleep_watch_->Confirm(files.tid(), token, mark);
  }
  return same;
}

absl::StatusOr<std::optional<Snapshot>> LinuxProcess::TakeAsleep(
    const ThreadFiles& files, const CaptureRequest& request) {
  // Who ran the last time is likely to run: one read tells.
  if (!request.known_sleep) {
    const auto blocked = files.Blocked();
    if (!blocked.ok()) return blocked.status();
    if (!blocked->has_value()) return std::nullopt;
  }
  absl::StatusOr<Look> look = LookWhileAsleep(files, reader_);
  if (!look.ok()) return look.status();
  if (look->result != LookResult::kSnapshot) return std::nullopt;
  if (perf_) perf_->NoteSleep(files.tid());
  return std::move(look->snapshot);
}

// Not where something else is wanted of the same instant, or more of the stack
// than the kernel copies: a stop gives both. Where there is none, what else is
// wanted is read right behind, and may have changed since.
std::optional<Snapshot> LinuxProcess::TakeSample(
    const ThreadFiles& files, const CaptureRequest& request,
    std::optional<uint64_t> switches_before) {
  if (!perf_ || (!request.also.empty() && CanStopThreads().ok())) {
    return std::nullopt;
  }
  if (request.sample_was_too_small && perf_->CopyMoreStack(request.tid)) {
    return std::nullopt;
  }
  const PerfSample* const sample = perf_->Latest(request.tid);
  if (sample == nullptr) return std::nullopt;
  Snapshot snapshot;
  snapshot.tid = request.tid;
  std::optional<bool> waits;
  if (switches_before) {
    waits = perf_->WaitsForCpu(request.tid, *switches_before);
  }
  snapshot.state = !waits   ? NoteShare(files).Next()
                   : *waits ? ThreadState::kRunnable
                            : ThreadState::kRunning;
  snapshot.method = CaptureMethod::kPerf;
  snapshot.registers = sample->registers;
  snapshot.stack = sample->stack;
  snapshot.sampled_ns = sample->time_ns;
  snapshot.lost = perf_->TakeLost(request.tid);
  if (!request.also.empty()) {
    reader_.Read(request.tid, sample->registers.sp(), 0);
    snapshot.extra = reader_.Extra();
  }
  return snapshot;
}

absl::StatusOr<std::optional<Snapshot>> LinuxProcess::TakeUnstopped(
    const ThreadFiles& files, const CaptureRequest& request) {
  const ThreadId tid = request.tid;
  if (ways_ == CaptureWays::kAsleep) {
    return absl::FailedPreconditionError(absl::StrCat(
        "thread ", tid, " runs, and only those that sleep are looked at"));
  }
  if (!request.also.empty() && CanStopThreads().ok()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "thread ", tid, " runs, and what is wanted of it the kernel does not ",
        "sample"));
  }
  perf_->Begin(tid);
  if (absl::Status refused = perf_->RefusalOf(tid); !refused.ok()) {
    if (CanStopThreads().ok() || !absl::IsPermissionDenied(refused)) {
      return refused;
    }
    return absl::PermissionDeniedError(absl::StrCat(
        "thread ", tid, " runs, and is not to be seen without ",
        refused.message(), ": allow it with sudo sysctl ",
        "kernel.perf_event_paranoid=1, or give hubspy CAP_PERFMON"));
  }
  if (!sampling_) return AwaitSample(files, request);
  return absl::AbortedError(
      absl::StrCat("the kernel has no new sample of thread ", tid));
}

// For who looks just once: the next sample, unless the thread falls asleep
// before.
absl::StatusOr<std::optional<Snapshot>> LinuxProcess::AwaitSample(
    const ThreadFiles& files, const CaptureRequest& request) {
  const int64_t began_ns = NowNs();
  while (NowNs() - began_ns < kOneSampleLimitNs) {
    timespec period = {.tv_sec = 0, .tv_nsec = kOneSample.period_ns};
    nanosleep(&period, nullptr);
    perf_->Update(request.tid);
    if (std::optional<Snapshot> sample =
            TakeSample(files, request, std::nullopt)) {
      perf_->Forget(request.tid);  // its ring counts against what may be locked
      return sample;
    }
    absl::StatusOr<std::optional<Snapshot>> asleep = TakeAsleep(files, request);
    if (!asleep.ok() || asleep->has_value()) return asleep;
  }
  return absl::AbortedError(
      absl::StrCat("the kernel took no sample of thread ", request.tid,
                   " in time; it may be waiting for a CPU"));
}

absl::StatusOr<Snapshot> LinuxProcess::TakeByStop(const ThreadFiles& files,
                                                  size_t max_held_bytes) {
  const int64_t began_ns = NowNs();
  if (sampling_ && began_ns < next_stop_ns_) {
    return absl::AbortedError(
        absl::StrCat("thread ", files.tid(), " waits for a CPU, as others do"));
  }
  // Before the stop, which makes it wait.
  CpuShare& share = NoteShare(files);
  absl::StatusOr<Snapshot> snapshot = stopper_->LookAt(files, max_held_bytes);
  if (snapshot.ok() && snapshot->state == ThreadState::kRunning) {
    snapshot->state = share.Next();
  }
  // Half of the time, at most, goes into such waiting.
  const int64_t ended_ns = NowNs();
  const int64_t took_ns = ended_ns - began_ns;
  if (took_ns > kLongStopNs) next_stop_ns_ = ended_ns + took_ns;
  return snapshot;
}

CpuShare& LinuxProcess::NoteShare(const ThreadFiles& files) {
  CpuShare& share = cpu_shares_[files.tid()];
  if (const std::optional<ThreadSchedule> schedule = files.Schedule()) {
    share.Note(*schedule, NowNs());
  }
  return share;
}

bool LinuxProcess::Alive() const { return directory_.LivingThread().ok(); }

}  // namespace hubspy
