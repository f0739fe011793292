#include <elf.h>

#include <cstring>

#include "decode/instruction_word.h"
#include "symbolize/plt_stub.h"

namespace hubspy {

// adrp x16, page; ldr x17, [x16, #offset]: so all linkers begin a stub, behind
// a `bti c` where branch targets are marked.
std::optional<uint64_t> SlotOfStub(absl::Span<const unsigned char> code,
                                   uint64_t vaddr) {
  const auto word_at = [&](uint64_t offset) {
    uint32_t word;
    std::memcpy(&word, code.data() + offset, sizeof(word));
    return word;
  };
  for (uint64_t i = 0; i + 2 * kInstructionWordBytes <= code.size();
       i += kInstructionWordBytes) {
    const auto adrp = AdrpOf(word_at(i), Address(vaddr + i));
    const auto ldr = LoadOf(word_at(i + kInstructionWordBytes));
    if (adrp && adrp->to == 16 && ldr && ldr->from == 16 && ldr->to == 17) {
      return (adrp->page + ldr->offset).value();
    }
  }
  return std::nullopt;
}

bool IsSlotRelocation(uint64_t type) {
  return type == R_AARCH64_JUMP_SLOT || type == R_AARCH64_GLOB_DAT;
}

}  // namespace hubspy
