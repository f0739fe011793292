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
    // How much of the stack the kernel copies (a multiple of 8, below 64 KiB),
    // and how much of that is read here, at first (see CopyMoreStack).
    uint32_t stack_bytes = 8 * 1024;
    uint32_t read_bytes = 2 * 1024;
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

  // Reads more of the stack from now on; false when that is all of the copy.
  bool ReadMoreStack();

  // Samples that the kernel had no room for, since the last call.
  int64_t TakeLost() { return std::exchange(lost_, 0); }

 private:
  PerfSamples(ScopedFd event, absl::Span<std::byte> mapping,
              const Options& options)
      : event_(std::move(event)), mapping_(mapping), options_(options) {}

  absl::Span<const std::byte> ring() const;

  ScopedFd event_;
  // One page that says where in the ring, which is the rest, records lie.
  absl::Span<std::byte> mapping_;
  Options options_;
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
    absl::StatusOr<std::unique_ptr<PerfSamples>> samples;
    uint32_t stack_bytes = 0;
  };

  PerfSamples* Find(ThreadId tid) const;
  void Open(ThreadId tid, uint32_t stack_bytes);

  PerfSamples::Options options_;
  absl::Status refusal_;
  absl::flat_hash_map<ThreadId, Thread> threads_;
};

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LINUX_PERF_SAMPLES_H_
