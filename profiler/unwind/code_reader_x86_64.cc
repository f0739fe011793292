#include <algorithm>
#include <array>
#include <cstring>

#include "unwind/code_reader.h"

namespace hubspy {

std::optional<CallSite> CodeReader::CallBefore(Address return_address) const {
  constexpr size_t kLongest = kMaxCallBytes;
  // e8 and four bytes first: most calls are.
  constexpr size_t kSizes[] = {5, 2, 3, 6, 7, 4, 8, kLongest};
  if (return_address.value() < kLongest || !IsCode(return_address - 1)) {
    return std::nullopt;
  }
  std::array<uint8_t, kLongest> bytes;
  size_t known = kLongest;  // fewer where code begins
  while (known > 0 && Read(return_address - known,
                           absl::MakeSpan(bytes).last(known)) != known) {
    --known;
  }
  for (const size_t size : kSizes) {
    if (size > known) continue;
    const absl::Span<const uint8_t> code(bytes.data() + kLongest - size, size);
    const bool direct = size == 5 && code[0] == 0xe8;
    const bool may_be_indirect =
        std::find(code.begin(), code.end(), 0xff) != code.end();
    if (!direct && !may_be_indirect) continue;
    const std::optional<Instruction> instruction =
        Decode(code, return_address - size);
    if (instruction && instruction->kind == Instruction::Kind::kCall &&
        instruction->size == size) {
      return CallSite{.target = instruction->target};
    }
  }
  return std::nullopt;
}

// mov $15, %rax (or %eax); syscall: rt_sigreturn. The same bytes by which gdb
// knows it.
bool CodeReader::IsSignalTrampoline(Address pc) const {
  constexpr uint8_t kLong[] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};
  constexpr uint8_t kShort[] = {0xb8, 0x0f, 0, 0, 0, 0x0f, 0x05};
  std::array<uint8_t, sizeof kLong> bytes{};
  const size_t size = Read(pc, absl::MakeSpan(bytes));
  return (size >= sizeof kLong &&
          std::memcmp(bytes.data(), kLong, sizeof kLong) == 0) ||
         (size >= sizeof kShort &&
          std::memcmp(bytes.data(), kShort, sizeof kShort) == 0);
}

// nop; call goexit1; nop: runtime/asm_amd64.s, TEXT runtime.goexit. It returns
// behind the first nop, so that the lookup of one byte less is in goexit, too.
// Go's functions begin at multiples of 32 (cmd/link/internal/amd64/l.go).
bool CodeReader::IsGoExit(Address return_address) const {
  constexpr uint8_t kNop = 0x90;
  constexpr uint8_t kCall = 0xe8;
  constexpr uint64_t kFunctionAlignment = 32;
  const Address begin = return_address - 1;
  if (begin.value() % kFunctionAlignment != 0) return false;
  std::array<uint8_t, 7> bytes{};
  return Read(begin, absl::MakeSpan(bytes)) == bytes.size() &&
         bytes[0] == kNop && bytes[1] == kCall && bytes[6] == kNop;
}

}  // namespace hubspy
