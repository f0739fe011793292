#include "target/linux/perf_record.h"

#include <asm/perf_regs.h>
#include <linux/perf_event.h>

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

namespace hubspy {
namespace {

// In the order of the kernel's numbers, which is that of a sample.
constexpr std::pair<int, Reg> kRegisters[] = {
    {PERF_REG_X86_AX, Reg::kRax},  {PERF_REG_X86_BX, Reg::kRbx},
    {PERF_REG_X86_CX, Reg::kRcx},  {PERF_REG_X86_DX, Reg::kRdx},
    {PERF_REG_X86_SI, Reg::kRsi},  {PERF_REG_X86_DI, Reg::kRdi},
    {PERF_REG_X86_BP, Reg::kRbp},  {PERF_REG_X86_SP, Reg::kRsp},
    {PERF_REG_X86_IP, Reg::kRip},  {PERF_REG_X86_R8, Reg::kR8},
    {PERF_REG_X86_R9, Reg::kR9},   {PERF_REG_X86_R10, Reg::kR10},
    {PERF_REG_X86_R11, Reg::kR11}, {PERF_REG_X86_R12, Reg::kR12},
    {PERF_REG_X86_R13, Reg::kR13}, {PERF_REG_X86_R14, Reg::kR14},
    {PERF_REG_X86_R15, Reg::kR15}};

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
  for (const auto& [number, reg] : kRegisters) mask |= uint64_t{1} << number;
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
  for (const auto& [number, reg] : kRegisters) {
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
