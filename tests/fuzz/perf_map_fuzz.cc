// Any bytes as a JIT's map: read at once and in pieces, it has to say the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "symbolize/perf_map.h"

namespace {

void Compare(const hubspy::PerfMap& a, const hubspy::PerfMap& b,
             uint64_t address) {
  if (a.Find(hubspy::Address(address)) != b.Find(hubspy::Address(address))) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t piece = size == 0 ? 1 : 1 + data[0] % 16;
  hubspy::PerfMap whole("whole");
  hubspy::PerfMap pieces("pieces");
  whole.Append(text);
  for (size_t i = 0; i < size; i += piece) pieces.Append(text.substr(i, piece));
  for (uint64_t address = 0; address < 256; ++address) {
    Compare(whole, pieces, address);
    Compare(whole, pieces, ~address);
  }
  // Whatever numbers the text holds.
  for (size_t i = 0; i < size; i += 4) {
    const uint64_t number =
        std::strtoull(std::string(text.substr(i, 16)).c_str(), nullptr, 16);
    Compare(whole, pieces, number);
    Compare(whole, pieces, number + 1);
  }
  return 0;
}
