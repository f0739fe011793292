// What the kernel writes into the ring of a perf event, understood.
//
// Bytes in, values out: perf_samples reads the ring itself.
#ifndef HUBSPY_TARGET_LINUX_PERF_RECORD_H_
#define HUBSPY_TARGET_LINUX_PERF_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/types/span.h"
#include "model/registers.h"
#include "model/snapshot.h"

namespace hubspy {

// What is asked for with each sample (perf_event_open(2), sample_type), and the
// user registers, in the order of their numbers in the kernel's
// asm/perf_regs.h.
uint64_t PerfSampleType();
uint64_t PerfRegisterMask();

struct PerfSample {
  int64_t time_ns = 0;  // CLOCK_MONOTONIC
  Registers registers;
  MemoryCopy stack;  // from sp upwards
};

// Bytes that lie in a ring, where what is behind its last byte is its first.
class RingBytes {
 public:
  // `size` bytes from `begin` on, which counts on and on.
  RingBytes(absl::Span<const std::byte> ring, uint64_t begin, size_t size)
      : ring_(ring), begin_(begin), size_(size) {}

  size_t size() const { return size_; }
  RingBytes From(size_t offset) const {
    return {ring_, begin_ + offset, size_ - offset};
  }
  // The first of them; there must be as many.
  void CopyTo(absl::Span<std::byte> into) const;

 private:
  absl::Span<const std::byte> ring_;
  uint64_t begin_;
  size_t size_;
};

// The body of a PERF_RECORD_SAMPLE, without its header, and no more than
// `max_stack_bytes` of its stack. nullopt where the thread was not in user
// space's hands (a kernel thread, or one that exits), runs 32-bit code, or the
// bytes are not what was asked for.
//
// What is left of the stack is not even looked at: a line of the ring that was
// read on one CPU costs the next sample, on another, 0.1 us to write.
std::optional<PerfSample> ParsePerfSample(RingBytes body,
                                          size_t max_stack_bytes);

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LINUX_PERF_RECORD_H_
