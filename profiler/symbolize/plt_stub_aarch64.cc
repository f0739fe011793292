#include <elf.h>

#include <cstring>

#include "symbolize/plt_stub.h"

namespace hubspy {

// adrp x16, page; ldr x17, [x16, #offset]: so all linkers begin a stub, behind
// a `bti c` where branch targets are marked.
std::optional<uint64_t> SlotOfStub(absl::Span<const unsigned char> code,
                                   uint64_t vaddr) {
  constexpr uint64_t kInstructionBytes = 4;
  constexpr uint64_t kPageBytes = 4096;  // adrp's, whatever the kernel's are
  const auto at = [&](uint64_t offset) {
    uint32_t instruction;
    std::memcpy(&instruction, code.data() + offset, sizeof(instruction));
    return instruction;
  };
  for (uint64_t i = 0; i + 2 * kInstructionBytes <= code.size();
       i += kInstructionBytes) {
    const uint32_t adrp = at(i);
    const uint32_t ldr = at(i + kInstructionBytes);
    // Registers and opcodes (Arm ARM C6.2.13, C6.2.192).
    if ((adrp & 0x9f00001f) != 0x90000010 || (ldr & 0xffc003ff) != 0xf9400211) {
      continue;
    }
    const uint32_t pages = (adrp >> 5 & 0x7ffff) << 2 | (adrp >> 29 & 3);
    // 21 bits with a sign.
    const int64_t signed_pages =
        static_cast<int64_t>(pages) - ((pages & 0x100000) != 0 ? 0x200000 : 0);
    const uint64_t offset = (ldr >> 10 & 0xfff) * sizeof(uint64_t);
    return (vaddr + i) / kPageBytes * kPageBytes +
           static_cast<uint64_t>(signed_pages) * kPageBytes + offset;
  }
  return std::nullopt;
}

bool IsSlotRelocation(uint64_t type) {
  return type == R_AARCH64_JUMP_SLOT || type == R_AARCH64_GLOB_DAT;
}

}  // namespace hubspy
