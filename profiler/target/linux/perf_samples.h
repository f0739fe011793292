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
// looks once a period; while it waits for its CPU, it stands where it was. Who
// looks at instants of his own choice gives each sample its due.
#ifndef HUBSPY_TARGET_LINUX_PERF_SAMPLES_H_
#define HUBSPY_TARGET_LINUX_PERF_SAMPLES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "target/linux/perf_record.h"
#include "target/linux/proc_dir.h"

namespace hubspy {

class PerfSamples {
 public:
  struct Options {
    int64_t period_ns = 0;  // of CPU time, from one sample to the next
    // A multiple of 8. The kernel copies no more than there is.
    uint32_t stack_bytes = 32 * 1024;
  };

  // NotFound: no such thread. PermissionDenied: the system does not allow it,
  // and says so of every thread (perf_event_paranoid, seccomp, capabilities).
  // ResourceExhausted: not for this many threads (locked memory, open files).
  static absl::StatusOr<std::unique_ptr<PerfSamples>> Open(
      ThreadId tid, const Options& options);
  ~PerfSamples();
  PerfSamples(const PerfSamples&) = delete;
  PerfSamples& operator=(const PerfSamples&) = delete;

  // Takes note of what the kernel wrote; a few nanoseconds when that is
  // nothing. Who does not come for some periods loses samples.
  void Update();

  // Null: none, or too long ago. Valid until the next Update.
  const PerfSample* Latest() const;

  // Samples that the kernel had no room for, since the last call.
  int64_t TakeLost() { return std::exchange(lost_, 0); }

 private:
  PerfSamples(ScopedFd event, std::byte* ring, size_t ring_bytes,
              int64_t period_ns)
      : event_(std::move(event)),
        ring_(ring),
        ring_bytes_(ring_bytes),
        period_ns_(period_ns) {}

  void ReadSample(uint64_t at);
  void CopyOut(uint64_t at, absl::Span<std::byte> into) const;

  ScopedFd event_;
  std::byte* ring_;  // one page that says where the rest begins and ends
  size_t ring_bytes_;
  int64_t period_ns_;
  std::optional<PerfSample> latest_;
  int64_t lost_ = 0;
};

// The same for a process's threads, each from the first time that it is asked
// for its latest: threads that never run cost nothing.
class PerfSampler {
 public:
  explicit PerfSampler(const PerfSamples::Options& options)
      : options_(options) {}

  void Update(ThreadId tid);
  // The first time for a thread there is none yet, and where the system refuses
  // there never is one.
  const PerfSample* Latest(ThreadId tid);
  int64_t TakeLost(ThreadId tid);

  // OK, or why the system refuses.
  const absl::Status& refusal() const { return refusal_; }

  void Forget(ThreadId tid) { threads_.erase(tid); }
  // Forgets all threads but these, which are sorted.
  void KeepOnly(absl::Span<const ThreadId> tids);

 private:
  PerfSamples* Find(ThreadId tid) const;

  PerfSamples::Options options_;
  absl::Status refusal_;
  // Null: not for this one.
  absl::flat_hash_map<ThreadId, std::unique_ptr<PerfSamples>> threads_;
};

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LINUX_PERF_SAMPLES_H_
