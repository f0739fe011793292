// The tracer thread runs on the target thread's CPU, which thereby cannot be
// running there, and settles it: asleep after all, or a short stop.
#include <signal.h>
#include <unistd.h>

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "target/linux/proc_files.h"
#include "target/linux/ptrace_stop.h"
#include "target/linux/thread_stopper.h"
#include "target/linux/tracer_thread.h"

namespace hubspy {
namespace {

// A thread can only fall asleep or wake up so often while we sit on its CPU;
// one that still does is being moved about, and the next sample may be luckier.
constexpr int kRounds = 8;

// How long a thread may take to get the CPU that it needs to stop: long for who
// looks once, and short for who has others to look at.
constexpr absl::Duration kStopLimit = absl::Milliseconds(100);
constexpr absl::Duration kStopLimitWhenSampling = absl::Milliseconds(5);

bool IsThreadOfOurs(int32_t id) { return tgkill(getpid(), id, 0) == 0; }

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

class PtraceStopper : public ThreadStopper {
 public:
  PtraceStopper(const ProcDir& directory, StackReader& reader, bool sampling)
      : directory_(directory), reader_(reader), sampling_(sampling) {}

  absl::StatusOr<Snapshot> LookAt(const ThreadFiles& files,
                                  size_t max_held_bytes) override;

 private:
  // What the tracer found, on the target thread's CPU.
  struct Settled {
    absl::Status status;                   // when it is neither:
    std::optional<Snapshot> asleep;        // after all
    std::optional<StoppedThread> stopped;  // what was read of it is in reader_
    int64_t pause_ns = 0;
    LastAct last_act;
  };
  // These two run on the tracer thread.
  Settled Settle(const ThreadFiles& files, size_t max_held_bytes);
  Settled Stop(ThreadId tid, size_t max_held_bytes);
  absl::Status ExplainRefusal(ThreadId tid, const absl::Status& refusal) const;

  const ProcDir& directory_;
  StackReader& reader_;
  const bool sampling_;
  TracerThread tracer_;
};

absl::StatusOr<Snapshot> PtraceStopper::LookAt(const ThreadFiles& files,
                                               size_t max_held_bytes) {
  Settled settled;
  for (int round = 0; round < kRounds; ++round) {
    const absl::StatusOr<ThreadStat> stat = files.Stat();
    if (!stat.ok()) return stat.status();
    const absl::Status ran = tracer_.Run(
        stat->cpu, sampling_ ? kStopLimitWhenSampling : kStopLimit, [&] {
          settled = Settle(files, max_held_bytes);
          return std::exchange(settled.last_act, {});
        });
    if (!ran.ok()) return ran;
    if (settled.asleep) return *std::move(settled.asleep);
    if (settled.stopped) break;
    if (absl::IsDeadlineExceeded(settled.status)) {
      return absl::AbortedError(settled.status.message());
    }
    // Refused without a tracer to blame: it was another hubspy, whose stop has
    // just ended.
    settled.status = ExplainRefusal(files.tid(), settled.status);
    if (!absl::IsAborted(settled.status)) return settled.status;
  }
  if (!settled.stopped) return settled.status;
  Snapshot snapshot;
  snapshot.tid = files.tid();
  snapshot.state = settled.stopped->state;
  snapshot.method = CaptureMethod::kPtrace;
  snapshot.registers = settled.stopped->registers;
  snapshot.system_call = settled.stopped->system_call;
  snapshot.pause_ns = settled.pause_ns;
  snapshot.stack = reader_.Stack();
  snapshot.extra = reader_.Extra();
  return snapshot;
}

PtraceStopper::Settled PtraceStopper::Settle(const ThreadFiles& files,
                                             size_t max_held_bytes) {
  const auto blocked = files.Blocked();
  if (!blocked.ok()) return {blocked.status()};
  if (!blocked->has_value()) return Stop(files.tid(), max_held_bytes);
  absl::StatusOr<Look> look = LookWhileAsleep(files, reader_);
  if (!look.ok()) return {look.status()};
  if (look->result == LookResult::kSnapshot) {
    return {.asleep = std::move(look->snapshot)};
  }
  return {absl::AbortedError(absl::StrCat(
      "thread ", files.tid(), " ran each time we looked: look again"))};
}

// The thread has waited for all that is done here.
PtraceStopper::Settled PtraceStopper::Stop(ThreadId tid,
                                           size_t max_held_bytes) {
  PtraceStop stop(tid);
  absl::StatusOr<StoppedThread> thread = stop.Begin();
  if (thread.ok()) {
    reader_.Read(tid, thread->registers.sp(), max_held_bytes);
  }
  Settled settled;
  settled.last_act = stop.End();
  settled.pause_ns = stop.pause_ns();
  if (thread.ok()) {
    settled.stopped = *std::move(thread);
  } else {
    settled.status = thread.status();
  }
  return settled;
}

absl::Status PtraceStopper::ExplainRefusal(ThreadId tid,
                                           const absl::Status& refusal) const {
  if (!absl::IsPermissionDenied(refusal)) return refusal;
  const absl::StatusOr<std::string> text =
      directory_.ReadFile(absl::StrCat("task/", tid, "/status"));
  if (!text.ok()) return text.status();
  const absl::StatusOr<ThreadStatus> status = ParseStatus(*text);
  if (!status.ok()) return status.status();
  if (status->tracer_id == 0) return absl::AbortedError(refusal.message());
  if (IsThreadOfOurs(status->tracer_id)) {
    return absl::AbortedError(absl::StrCat(
        "thread ", tid, " has not come to the last stop yet: it waits for a ",
        "CPU"));
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "thread ", tid, " runs and cannot be stopped for a look, because ",
      DescribeTracer(status->tracer_id), " traces it: detach that first"));
}

}  // namespace

absl::Status CanStopThreads() { return absl::OkStatus(); }

std::unique_ptr<ThreadStopper> MakeThreadStopper(const ProcDir& directory,
                                                 StackReader& reader,
                                                 bool sampling) {
  return std::make_unique<PtraceStopper>(directory, reader, sampling);
}

}  // namespace hubspy
