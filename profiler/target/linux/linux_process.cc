#include "target/linux/linux_process.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "target/linux/check_target.h"
#include "target/linux/mapped_files.h"
#include "target/linux/proc_files.h"

namespace hubspy {
namespace {

// A thread can only fall asleep or wake up so often while we sit on its CPU;
// one that still does is being moved about, and the next sample may be luckier.
constexpr int kRounds = 8;

// "gdb (process 7)"; the name is left out when it is gone by now.
std::string DescribeTracer(int32_t tracer_id) {
  std::string description = absl::StrCat("process ", tracer_id);
  const absl::StatusOr<ProcDir> tracer = ProcDir::Open(tracer_id);
  if (!tracer.ok()) return description;
  const absl::StatusOr<std::string> text = tracer->ReadFile("stat");
  if (!text.ok()) return description;
  const absl::StatusOr<ThreadStat> stat = ParseStat(*text);
  if (!stat.ok()) return description;
  return absl::StrCat(stat->name, " (", description, ")");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Process>> Process::Open(
    int32_t pid, const OpenOptions& options) {
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
      ways_(options.ways) {
  ChangeRate(options.rate_hz);
}

void LinuxProcess::ChangeRate(double rate_hz) {
  const bool may_sample =
      ways_ == CaptureWays::kAny || ways_ == CaptureWays::kPerf;
  if (!may_sample || rate_hz <= 0) return;
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
  return WithOpenPaths(*tid, *std::move(mappings));
}

absl::StatusOr<std::vector<ThreadInfo>> LinuxProcess::Threads() const {
  const absl::StatusOr<std::vector<ThreadId>> tids = directory_.ThreadIds();
  if (!tids.ok()) return tids.status();
  files_.KeepOnly(*tids);
  if (perf_) perf_->KeepOnly(*tids);
  std::vector<ThreadInfo> threads;
  for (const ThreadId tid : *tids) {
    const absl::StatusOr<std::string> text =
        directory_.ReadFile(absl::StrCat("task/", tid, "/stat"));
    if (absl::IsNotFound(text.status())) continue;  // it went meanwhile
    if (!text.ok()) return text.status();
    absl::StatusOr<ThreadStat> stat = ParseStat(*text);
    if (!stat.ok()) return stat.status();
    threads.push_back({tid, std::move(stat->name), stat->state});
  }
  return threads;
}

absl::StatusOr<std::optional<Snapshot>> LinuxProcess::Capture(
    const CaptureRequest& request) {
  const auto files = files_.Get(directory_, request.tid);
  if (!files.ok()) return files.status();
  const auto failed = [&](absl::Status status) {
    if (absl::IsNotFound(status)) {
      files_.Forget(request.tid);
      if (perf_) perf_->Forget(request.tid);
    }
    return status;
  };
  if (perf_) perf_->Update(request.tid);
  if (request.known_sleep) {
    const absl::StatusOr<bool> same = (*files)->StillIn(*request.known_sleep);
    if (!same.ok()) return failed(same.status());
    if (*same) return std::nullopt;
  }
  if (absl::Status prepared =
          reader_.Prepare(request.also, request.max_stack_bytes);
      !prepared.ok()) {
    return prepared;
  }
  absl::StatusOr<Look> look = LookWhileAsleep(**files, reader_);
  if (!look.ok()) return failed(look.status());
  if (look->result == LookResult::kSnapshot) return std::move(look->snapshot);
  if (std::optional<Snapshot> sample = TakeSample(request)) return sample;
  if (absl::Status refused = RefuseToStop(request); !refused.ok()) {
    return refused;
  }

  absl::StatusOr<Snapshot> snapshot;
  const absl::Status ran = tracer_.Run([&] {
    Captured captured = CaptureFromItsCpu(**files, request.max_held_bytes);
    snapshot = std::move(captured.snapshot);
    return captured.after;
  });
  if (!ran.ok()) return ran;
  if (!snapshot.ok()) return failed(snapshot.status());
  return *std::move(snapshot);
}

// Not where something else is wanted of the same instant, or more of the stack
// than the kernel copies: a stop gives both.
std::optional<Snapshot> LinuxProcess::TakeSample(
    const CaptureRequest& request) {
  if (!perf_ || !request.also.empty()) return std::nullopt;
  if (request.sample_was_too_small && perf_->CopyMoreStack(request.tid)) {
    return std::nullopt;
  }
  const PerfSample* const sample = perf_->Latest(request.tid);
  if (sample == nullptr) return std::nullopt;
  Snapshot snapshot;
  snapshot.tid = request.tid;
  snapshot.method = CaptureMethod::kPerf;
  snapshot.registers = sample->registers;
  snapshot.stack = sample->stack;
  snapshot.lost = perf_->TakeLost(request.tid);
  return snapshot;
}

absl::Status LinuxProcess::RefuseToStop(const CaptureRequest& request) const {
  const ThreadId tid = request.tid;
  switch (ways_) {
    case CaptureWays::kAny:
    case CaptureWays::kPtrace:
      return absl::OkStatus();
    case CaptureWays::kAsleep:
      return absl::FailedPreconditionError(absl::StrCat(
          "thread ", tid, " runs, and only those that sleep are looked at"));
    case CaptureWays::kPerf:
      break;
  }
  if (!perf_ || !request.also.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "thread ", tid, " runs, and what is wanted of it the kernel does not ",
        "sample"));
  }
  if (absl::Status refused = perf_->RefusalOf(tid); !refused.ok()) {
    return refused;
  }
  return absl::AbortedError(
      absl::StrCat("the kernel has no new sample of thread ", tid));
}

LinuxProcess::Captured LinuxProcess::CaptureFromItsCpu(const ThreadFiles& files,
                                                       size_t max_held_bytes) {
  absl::Status last = absl::AbortedError(absl::StrCat(
      "thread ", files.tid(), " ran each time we looked: look again"));
  for (int round = 0; round < kRounds; ++round) {
    const absl::StatusOr<ThreadStat> stat = files.Stat();
    if (!stat.ok()) return {stat.status()};
    MoveToCpu(stat->cpu);
    absl::StatusOr<Look> look = LookWhileAsleep(files, reader_);
    if (!look.ok()) return {look.status()};
    if (look->result == LookResult::kSnapshot) {
      return {std::move(look->snapshot)};
    }
    if (look->result == LookResult::kMoved) continue;

    Captured captured = CaptureByStop(files, max_held_bytes);
    // Refused without a tracer to blame: it was another hubspy, whose stop has
    // just ended.
    if (!absl::IsAborted(captured.snapshot.status())) return captured;
    last = captured.snapshot.status();
    if (captured.after == AfterJob::kEndThread) return {last, captured.after};
  }
  return {last};
}

LinuxProcess::Captured LinuxProcess::CaptureByStop(const ThreadFiles& files,
                                                   size_t max_held_bytes) {
  PtraceStop stop(files.tid());
  const absl::StatusOr<StoppedThread> thread = stop.Begin();
  if (thread.ok()) {
    reader_.Read(files.tid(), thread->registers.sp(), max_held_bytes);
  }
  const AfterJob after = stop.End();
  if (!thread.ok()) {
    return {ExplainRefusal(files.tid(), thread.status()), after};
  }
  Snapshot snapshot;
  snapshot.tid = files.tid();
  snapshot.state = thread->state;
  snapshot.method = CaptureMethod::kPtrace;
  snapshot.registers = thread->registers;
  snapshot.system_call = thread->system_call;
  snapshot.pause_ns = stop.pause_ns();
  snapshot.stack = reader_.Stack();
  snapshot.extra = reader_.Extra();
  return {std::move(snapshot), after};
}

absl::Status LinuxProcess::ExplainRefusal(ThreadId tid,
                                          const absl::Status& refusal) const {
  if (absl::IsDeadlineExceeded(refusal)) {
    return absl::AbortedError(refusal.message());
  }
  if (!absl::IsPermissionDenied(refusal)) return refusal;
  const absl::StatusOr<std::string> text =
      directory_.ReadFile(absl::StrCat("task/", tid, "/status"));
  if (!text.ok()) return text.status();
  const absl::StatusOr<ThreadStatus> status = ParseStatus(*text);
  if (!status.ok()) return status.status();
  if (status->tracer_id == 0) return absl::AbortedError(refusal.message());
  return absl::FailedPreconditionError(absl::StrCat(
      "thread ", tid, " runs and cannot be stopped for a look, because ",
      DescribeTracer(status->tracer_id), " traces it: detach that first"));
}

bool LinuxProcess::Alive() const { return directory_.LivingThread().ok(); }

}  // namespace hubspy
