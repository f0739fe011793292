#include "target/linux/perf_record.h"

#include <linux/perf_event.h>

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

#include "target/linux/perf_registers.h"

namespace hubspy {
namespace {

class Reader {
 public:
  explicit Reader(RingBytes bytes) : bytes_(bytes) {}

  template <typename T>
  bool Read(T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (bytes_.size() < sizeof(T)) return false;
    bytes_.CopyTo({reinterpret_cast<std::byte*>(&value), sizeof(T)});
    bytes_ = bytes_.From(sizeof(T));
    return true;
  }
  bool Skip(uint64_t size) {
    if (bytes_.size() < size) return false;
    bytes_ = bytes_.From(size);
    return true;
  }
  const RingBytes& rest() const { return bytes_; }

 private:
  RingBytes bytes_;
};

}  // namespace

uint64_t PerfSampleType() {
  return PERF_SAMPLE_TIME | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
}

uint64_t PerfRegisterMask() {
  uint64_t mask = 0;
  for (const auto& [number, reg] : PerfRegisters())
    mask |= uint64_t{1} << number;
  return mask;
}

void RingBytes::CopyTo(absl::Span<std::byte> into) const {
  if (into.empty()) return;
  const size_t begin = begin_ % ring_.size();
  const size_t first = std::min(into.size(), ring_.size() - begin);
  std::memcpy(into.data(), ring_.data() + begin, first);
  std::memcpy(into.data() + first, ring_.data(), into.size() - first);
}

std::optional<PerfSample> ParsePerfSample(RingBytes body,
                                          size_t max_stack_bytes) {
  Reader reader(body);
  PerfSample sample;
  uint64_t time_ns = 0;
  uint64_t abi = PERF_SAMPLE_REGS_ABI_NONE;
  if (!reader.Read(time_ns) || !reader.Read(abi) ||
      abi != PERF_SAMPLE_REGS_ABI_64) {
    return std::nullopt;
  }
  sample.time_ns = static_cast<int64_t>(time_ns);
  for (const auto& [number, reg] : PerfRegisters()) {
    uint64_t value = 0;
    if (!reader.Read(value)) return std::nullopt;
    sample.registers.Set(reg, value);
  }
  // The kernel reserves all that was asked for, and then says how much of it
  // was there.
  uint64_t reserved = 0;
  if (!reader.Read(reserved)) return std::nullopt;
  const RingBytes stack = reader.rest();
  uint64_t copied = 0;
  if (!reader.Skip(reserved)) return std::nullopt;
  if (reserved > 0 && (!reader.Read(copied) || copied > reserved)) {
    return std::nullopt;
  }
  sample.stack.begin = sample.registers.sp();
  sample.stack.bytes.resize(std::min<uint64_t>(copied, max_stack_bytes));
  stack.CopyTo(absl::MakeSpan(sample.stack.bytes));
  return sample;
}

}  // namespace hubspy
