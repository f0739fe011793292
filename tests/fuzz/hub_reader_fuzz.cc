// The published block of a process that may hold anything. The input is the
// process's memory, from kBase on; the block is where it begins.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "hubs/hub_reader.h"
#include "target/memory.h"

namespace {

constexpr uint64_t kBase = 0x10000;

class InputMemory : public hubspy::Memory {
 public:
  explicit InputMemory(absl::Span<const uint8_t> bytes) : bytes_(bytes) {}

  size_t Read(hubspy::Address from, absl::Span<std::byte> into) const override {
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const InputMemory memory({data, size});
  hubspy::HubReader reader(memory, hubspy::Address(kBase));
  const auto hubs = reader.ReadHubs();
  if (!hubs.ok()) return 0;
  for (const hubspy::HubView& hub : *hubs) {
    reader.ReadGreenThreads(hub).IgnoreError();
    reader.ReadGreenThread(hub, hub.current).IgnoreError();
  }
  return 0;
}
