// An event that the kernel counts or samples of one thread
// (perf_event_open(2)), and the memory in which it writes for us: a page that
// describes it, and a ring of records, if one is wanted.
//
//   auto event = PerfEvent::Open(attr, tid, /*ring_bytes=*/0);
//   const uint32_t before = event->TimesScheduled();
//
// The surprising part: no file stays open for it. The mapping keeps the event,
// so that a process of thousands of threads takes none of our descriptors.
#ifndef HUBSPY_TARGET_LINUX_PERF_EVENT_H_
#define HUBSPY_TARGET_LINUX_PERF_EVENT_H_

#include <linux/perf_event.h>

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/snapshot.h"

namespace hubspy {

// What becomes of a record that finds no room.
enum class RingUse {
  kReadInOrder,  // it is lost: who reads says how far he has come
  kKeepLatest,   // it takes the place of the oldest
};

class PerfEvent {
 public:
  // `ring_bytes`: 0, or pages, as many as a power of two. Where the kernel's
  // own work may not be sampled (perf_event_paranoid 2), it is left out.
  //
  // NotFound: no such thread. PermissionDenied: the system does not allow it,
  // and says so of every thread (perf_event_paranoid, seccomp, capabilities).
  // ResourceExhausted: not for this many threads (locked memory, open files).
  static absl::StatusOr<PerfEvent> Open(perf_event_attr attr, ThreadId tid,
                                        size_t ring_bytes,
                                        RingUse use = RingUse::kReadInOrder);
  ~PerfEvent();
  PerfEvent(PerfEvent&& other) noexcept
      : mapping_(std::exchange(other.mapping_, {})),
        samples_kernel_(other.samples_kernel_) {}
  PerfEvent& operator=(PerfEvent&&) = delete;

  // Changes each time that the thread is put on a CPU, before it executes one
  // instruction there. A read of memory.
  uint32_t TimesScheduled() const;
  // How much CPU time the thread has had, when it was last put on a CPU.
  int64_t CpuTimeNs() const;
  bool samples_kernel() const { return samples_kernel_; }

  // Where in the ring the kernel has written and we have read: `data_head`,
  // `data_tail`; only for kReadInOrder may that be written.
  perf_event_mmap_page& page() const;
  absl::Span<const std::byte> ring() const;

 private:
  PerfEvent(absl::Span<std::byte> mapping, bool samples_kernel)
      : mapping_(mapping), samples_kernel_(samples_kernel) {}

  absl::Span<std::byte> mapping_;
  bool samples_kernel_;
};

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LINUX_PERF_EVENT_H_
