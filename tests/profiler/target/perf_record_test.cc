#include "target/linux/perf_record.h"

#include <linux/perf_event.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "gtest/gtest.h"
#include "target/linux/perf_registers.h"

namespace hubspy {
namespace {

// A sample as the kernel writes it.
class Body {
 public:
  template <typename T>
  Body& Put(T value) {
    const auto* const bytes = reinterpret_cast<const std::byte*>(&value);
    bytes_.insert(bytes_.end(), bytes, bytes + sizeof(value));
    return *this;
  }
  Body& Head(uint64_t abi = PERF_SAMPLE_REGS_ABI_64) {
    return Put<uint64_t>(1234).Put(abi);
  }
  // Each with its own value: 100 and upwards, in the kernel's order.
  Body& UserRegisters() {
    for (uint64_t i = 0; i < Registers::kCount; ++i) Put<uint64_t>(100 + i);
    return *this;
  }
  Body& Stack(uint64_t reserved, uint64_t copied) {
    Put(reserved);
    for (uint64_t i = 0; i < reserved; ++i) Put(static_cast<uint8_t>(i));
    return Put(copied);
  }
  absl::Span<const std::byte> bytes() const { return bytes_; }

  std::optional<PerfSample> Parse(size_t max_stack_bytes = 1024) const {
    return ParsePerfSample(RingBytes(bytes_, 0, bytes_.size()),
                           max_stack_bytes);
  }

 private:
  std::vector<std::byte> bytes_;
};

TEST(ParsePerfSample, ReadsWhatWasAskedFor) {
  const Body body = Body().Head().UserRegisters().Stack(16, 8);
  const auto sample = body.Parse();
  ASSERT_TRUE(sample.has_value());
  EXPECT_EQ(sample->time_ns, 1234);
  EXPECT_EQ(sample->stack.begin, sample->registers.sp());
  ASSERT_EQ(sample->stack.bytes.size(), 8u);
  EXPECT_EQ(sample->stack.bytes[7], std::byte{7});
}

// The kernel's order is that of its numbers, of which each that is in the mask
// has one value. That the numbers are right, perf_registers_test says.
TEST(ParsePerfSample, TellsRegistersApart) {
  const Body body = Body().Head().UserRegisters().Stack(0, 0);
  const auto sample = body.Parse();
  ASSERT_TRUE(sample.has_value());
  for (const auto& [number, reg] : PerfRegisters()) {
    const uint64_t below = PerfRegisterMask() & ((uint64_t{1} << number) - 1);
    EXPECT_EQ(sample->registers.Get(reg),
              100 + static_cast<uint64_t>(__builtin_popcountll(below)));
  }
}

TEST(ParsePerfSample, TakesNoMoreOfTheStackThanIsWanted) {
  const Body body = Body().Head().UserRegisters().Stack(16, 12);
  EXPECT_EQ(body.Parse(5)->stack.bytes.size(), 5u);
}

TEST(ParsePerfSample, GoesRoundTheRing) {
  const Body body = Body().Head().UserRegisters().Stack(16, 8);
  const size_t size = body.bytes().size();
  for (size_t shift = 0; shift < size; ++shift) {
    std::vector<std::byte> ring(body.bytes().begin(), body.bytes().end());
    std::rotate(ring.begin(), ring.begin() + static_cast<ptrdiff_t>(shift),
                ring.end());
    // Round and round: it is far behind its first turn.
    const auto sample =
        ParsePerfSample(RingBytes(ring, 7 * size + (size - shift), size), 1024);
    ASSERT_TRUE(sample.has_value()) << shift;
    EXPECT_EQ(sample->registers.Get(PerfRegisters().back().reg),
              99u + Registers::kCount);
    EXPECT_EQ(sample->stack.bytes[7], std::byte{7});
  }
}

TEST(ParsePerfSample, RefusesThreadsWithoutUserRegistersOf64Bits) {
  const Body none = Body().Head(PERF_SAMPLE_REGS_ABI_NONE).Stack(0, 0);
  EXPECT_FALSE(none.Parse().has_value());
  const Body narrow =
      Body().Head(PERF_SAMPLE_REGS_ABI_32).UserRegisters().Stack(0, 0);
  EXPECT_FALSE(narrow.Parse().has_value());
}

TEST(ParsePerfSample, RefusesWhatIsCutShortOrLies) {
  const Body body = Body().Head().UserRegisters().Stack(16, 8);
  for (size_t size = 0; size < body.bytes().size(); ++size) {
    const RingBytes cut(body.bytes(), 0, size);
    EXPECT_FALSE(ParsePerfSample(cut, 1024).has_value()) << size;
  }
  const Body more_than_reserved = Body().Head().UserRegisters().Stack(16, 17);
  EXPECT_FALSE(more_than_reserved.Parse().has_value());
  const Body beyond_the_end =
      Body().Head().UserRegisters().Put(~uint64_t{0}).Put(uint64_t{0});
  EXPECT_FALSE(beyond_the_end.Parse().has_value());
}

}  // namespace
}  // namespace hubspy
