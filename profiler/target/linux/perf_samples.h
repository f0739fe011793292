// Samples that the kernel takes of a thread as it runs, without stopping it:
// registers and a copy of the stack, each time that the thread has used up one
// more period of CPU time (perf_event_open(2), the CPU clock).
//
//   auto samples = PerfSamples::Open(tid, {.period_ns = 10'000'000});
//   (*samples)->Update();                                // at each look
//   if (const PerfSample* sample = (*samples)->Latest()) // when it runs
//
// The surprising part: the latest sample may be given more than once, or never.
// A thread that has half of a CPU is sampled at every other look of one that
// looks once a period; while it waits for its CPU, for seconds where hundreds
// do, it stands where it was. Who looks at instants of his own choice gives
// each sample its due.
#ifndef HUBSPY_TARGET_LINUX_PERF_SAMPLES_H_
#define HUBSPY_TARGET_LINUX_PERF_SAMPLES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "target/linux/perf_event.h"
#include "target/linux/perf_record.h"
#include "target/linux/switch_log.h"

namespace hubspy {

class PerfSamples {
 public:
  struct Options {
    int64_t period_ns = 0;  // of CPU time, from one sample to the next
    // How much of the stack the kernel copies (a multiple of 8, below 64 KiB),
    // and how much of that is read here, at first (see CopyMoreStack).
    uint32_t stack_bytes = 8 * 1024;
    uint32_t read_bytes = 2 * 1024;
  };

  // Errors as PerfEvent::Open's.
  static absl::StatusOr<PerfSamples> Open(ThreadId tid, const Options& options);

  // Takes note of what the kernel wrote; a few nanoseconds when that is
  // nothing. Who does not come for some periods loses samples.
  void Update();

  // The thread was seen asleep: when it runs again, it may be anywhere.
  void NoteSleep() { slept_ = true; }

  // Null: none, or the thread may have gone elsewhere since. Valid until the
  // next Update.
  const PerfSample* Latest() const;

  // Reads more of the stack from now on; false when that is all of the copy.
  bool ReadMoreStack();

  // Samples that the kernel had no room for, since the last call.
  int64_t TakeLost() { return std::exchange(lost_, 0); }

 private:
  PerfSamples(PerfEvent event, const Options& options)
      : event_(std::move(event)), options_(options) {}

  bool IsWhereItWas() const;

  PerfEvent event_;
  Options options_;
  std::optional<PerfSample> latest_;
  int64_t latest_cpu_ns_ = 0;  // the thread's CPU time when that was found
  bool slept_ = false;         // since then
  int64_t lost_ = 0;
};

// The same for a process's threads, each from the first time that it was found
// running: threads that never run cost nothing.
class PerfSampler {
 public:
  explicit PerfSampler(const PerfSamples::Options& options)
      : options_(options) {}

  // From now on; where the system refuses, never. Takes some milliseconds when
  // nobody else on this machine uses perf.
  void Begin(ThreadId tid);
  void Update(ThreadId tid);
  void NoteSleep(ThreadId tid);
  const PerfSample* Latest(ThreadId tid);
  int64_t TakeLost(ThreadId tid);
  // As SwitchLog's, of a thread that has one: those do that are sampled, unless
  // it costs them too much. nullopt: it has none.
  std::optional<uint64_t> SwitchesWritten(ThreadId tid);
  std::optional<bool> WaitsForCpu(ThreadId tid, uint64_t written_before) const;
  // Copies more of this thread's stack from now on; false when that is not
  // possible.
  bool CopyMoreStack(ThreadId tid);

  // OK, or why the system refuses.
  const absl::Status& refusal() const { return refusal_; }
  // The same of one thread, which there may have been no room for.
  absl::Status RefusalOf(ThreadId tid) const;

  void Forget(ThreadId tid) { threads_.erase(tid); }
  // Forgets all threads but these, which are sorted.
  void KeepOnly(absl::Span<const ThreadId> tids);

 private:
  struct Thread {
    absl::StatusOr<PerfSamples> samples;
    uint32_t stack_bytes = 0;
    std::optional<SwitchLog> switches;
  };

  PerfSamples* Find(ThreadId tid);
  void Open(ThreadId tid, uint32_t stack_bytes);

  PerfSamples::Options options_;
  absl::Status refusal_;
  absl::flat_hash_map<ThreadId, Thread> threads_;
};

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LINUX_PERF_SAMPLES_H_
