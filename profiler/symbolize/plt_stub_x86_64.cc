#include <elf.h>

#include <cstring>

#include "symbolize/plt_stub.h"

namespace hubspy {

// By the first `jmp *offset(%rip)`. Stubs for indirect branch tracking have an
// endbr64 in front of it (System V ABI AMD64, figure 5.2).
std::optional<uint64_t> SlotOfStub(absl::Span<const unsigned char> code,
                                   uint64_t vaddr) {
  constexpr uint64_t kJump = 6;  // ff 25 and four bytes of offset
  for (uint64_t i = 0; i + kJump <= code.size(); ++i) {
    if (code[i] != 0xff || code[i + 1] != 0x25) continue;
    int32_t offset;
    std::memcpy(&offset, code.data() + i + 2, sizeof(offset));
    return vaddr + i + kJump + static_cast<uint64_t>(int64_t{offset});
  }
  return std::nullopt;
}

bool IsSlotRelocation(uint64_t type) {
  return type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT;
}

}  // namespace hubspy
