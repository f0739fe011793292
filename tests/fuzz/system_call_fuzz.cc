// Any system call, with any arguments, of a process whose memory may hold
// anything. The input is the call's number, its arguments, and then the
// process's memory, from kBase on.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "absl/strings/ascii.h"
#include "input_memory.h"
#include "target/linux/system_call_facts.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::array<uint64_t, 7> numbers{};
  const size_t bytes = std::min(size, sizeof(numbers));
  std::memcpy(numbers.data(), data, bytes);
  hubspy::SystemCall call{.number = static_cast<int64_t>(numbers[0])};
  std::copy(numbers.begin() + 1, numbers.end(), call.arguments.begin());
  const hubspy::CallFacts facts = hubspy::ExplainSystemCall(
      call, hubspy::InputMemory({data + bytes, size - bytes}),
      [](int32_t fd) {
        return hubspy::FdFacts{.fd = fd, .is_open = fd % 2 == 0, .what = "f"};
      },
      [](int32_t tid) -> std::optional<hubspy::ThreadId> {
        if (tid % 2 != 0) return std::nullopt;
        return tid;
      });
  // It goes to a terminal, and to one line of it.
  constexpr size_t kMostText = 2048;
  if (facts.text.size() > kMostText ||
      std::any_of(facts.text.begin(), facts.text.end(), absl::ascii_iscntrl)) {
    std::abort();
  }
  return 0;
}
