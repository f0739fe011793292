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
  ThreadId tid = 0;
  int64_t time_ns = 0;  // CLOCK_MONOTONIC
  Registers registers;
  MemoryCopy stack;        // from sp upwards
  bool stack_cut = false;  // there was more than was asked for
};

// The body of a PERF_RECORD_SAMPLE, without its header. nullopt where the
// thread was not in user space's hands (a kernel thread, or one that exits),
// runs 32-bit code, or the bytes are not what was asked for.
std::optional<PerfSample> ParsePerfSample(absl::Span<const std::byte> body);

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LINUX_PERF_RECORD_H_
