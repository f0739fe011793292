// A process's memory that is a fuzzer's input, from kBase on.
#ifndef HUBSPY_TESTS_FUZZ_INPUT_MEMORY_H_
#define HUBSPY_TESTS_FUZZ_INPUT_MEMORY_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/types/span.h"
#include "target/memory.h"

namespace hubspy {

inline constexpr uint64_t kBase = 0x10000;

class InputMemory : public Memory {
 public:
  explicit InputMemory(absl::Span<const uint8_t> bytes) : bytes_(bytes) {}

  size_t Read(Address from, absl::Span<std::byte> into) const override {
    const uint64_t offset = from.value() - kBase;
    if (from.value() < kBase || offset >= bytes_.size() || into.empty()) {
      return 0;
    }
    const size_t bytes = std::min<size_t>(into.size(), bytes_.size() - offset);
    std::memcpy(into.data(), bytes_.data() + offset, bytes);
    return bytes;
  }

 private:
  absl::Span<const uint8_t> bytes_;
};

}  // namespace hubspy

#endif  // HUBSPY_TESTS_FUZZ_INPUT_MEMORY_H_
