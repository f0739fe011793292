// What single instructions say, read from their words: where a function's
// thousands are gone through, and the decoder takes a microsecond for each.
//
//   if (const auto branch = BranchOf(word, at)) Follow(branch->target);
//
// Each function knows one form, and answers nullopt for all else. The encodings
// are those of Arm ARM (DDI 0487), C4.1 and C6.2; registers are 0 to 31, where
// 31 is sp or zero, as the instruction has it.
#ifndef HUBSPY_DECODE_INSTRUCTION_WORD_H_
#define HUBSPY_DECODE_INSTRUCTION_WORD_H_

#include <cstdint>
#include <optional>

#include "model/address.h"

namespace hubspy {

inline constexpr uint64_t kInstructionWordBytes = 4;

namespace instruction_word {

// `bits` of them from `low` on, as they are, and as a signed number.
constexpr uint32_t Field(uint32_t word, int low, int bits) {
  return word >> low & ((uint32_t{1} << bits) - 1);
}
constexpr int64_t SignedField(uint32_t word, int low, int bits) {
  return static_cast<int32_t>(word << (32 - low - bits)) >> (32 - bits);
}
constexpr Address Onward(Address at, int64_t distance) {
  return at + static_cast<uint64_t>(distance);
}

}  // namespace instruction_word

struct WordBranch {
  enum class Kind {
    kCall,    // bl, blr and its authenticating forms
    kJump,    // b, br and its authenticating forms, b.al
    kBranch,  // may jump: b.cond, cbz, cbnz, tbz, tbnz
  };
  Kind kind = Kind::kJump;
  std::optional<Address> target;  // absent: told by register `through`
  uint32_t through = 0;
};

constexpr std::optional<WordBranch> BranchOf(uint32_t word, Address at) {
  using instruction_word::Onward;
  using instruction_word::SignedField;
  if ((word & 0x7c00'0000) == 0x1400'0000) {
    return WordBranch{(word & 0x8000'0000) != 0 ? WordBranch::Kind::kCall
                                                : WordBranch::Kind::kJump,
                      Onward(at, SignedField(word, 0, 26) * 4)};
  }
  if ((word & 0xff00'0000) == 0x5400'0000) {
    constexpr uint32_t kAlways = 14;  // and 15
    return WordBranch{instruction_word::Field(word, 0, 4) < kAlways
                          ? WordBranch::Kind::kBranch
                          : WordBranch::Kind::kJump,
                      Onward(at, SignedField(word, 5, 19) * 4)};
  }
  if ((word & 0x7e00'0000) == 0x3400'0000) {  // cbz, cbnz
    return WordBranch{WordBranch::Kind::kBranch,
                      Onward(at, SignedField(word, 5, 19) * 4)};
  }
  if ((word & 0x7e00'0000) == 0x3600'0000) {  // tbz, tbnz
    return WordBranch{WordBranch::Kind::kBranch,
                      Onward(at, SignedField(word, 5, 14) * 4)};
  }
  const uint32_t through = instruction_word::Field(word, 5, 5);
  if ((word & 0xfeff'f000) == 0xd61f'0000) {
    return WordBranch{WordBranch::Kind::kJump, std::nullopt, through};
  }
  if ((word & 0xfeff'f000) == 0xd63f'0000) {
    return WordBranch{WordBranch::Kind::kCall, std::nullopt, through};
  }
  return std::nullopt;
}

// adrp: `to` becomes the address of a page of 4 KiB, whatever the kernel's are.
struct WordPage {
  uint32_t to = 0;
  Address page;
};

constexpr std::optional<WordPage> AdrpOf(uint32_t word, Address at) {
  constexpr uint64_t kAdrpPageBytes = 4096;
  if ((word & 0x9f00'0000) != 0x9000'0000) return std::nullopt;
  const int64_t pages = instruction_word::SignedField(word, 5, 19) * 4 +
                        instruction_word::Field(word, 29, 2);
  return WordPage{
      instruction_word::Field(word, 0, 5),
      instruction_word::Onward(at - at.value() % kAdrpPageBytes,
                               pages * static_cast<int64_t>(kAdrpPageBytes))};
}

struct WordOffset {
  uint32_t to = 0;
  uint32_t from = 0;
  uint64_t offset = 0;
};

// add, of 64 bits and an unshifted immediate: `to` = `from` + `offset`.
constexpr std::optional<WordOffset> AddOf(uint32_t word) {
  if ((word & 0xffc0'0000) != 0x9100'0000) return std::nullopt;
  return WordOffset{instruction_word::Field(word, 0, 5),
                    instruction_word::Field(word, 5, 5),
                    instruction_word::Field(word, 10, 12)};
}

// ldr, of 64 bits, by an unsigned immediate: `to` = what lies at `from` +
// `offset`.
constexpr std::optional<WordOffset> LoadOf(uint32_t word) {
  if ((word & 0xffc0'0000) != 0xf940'0000) return std::nullopt;
  return WordOffset{instruction_word::Field(word, 0, 5),
                    instruction_word::Field(word, 5, 5),
                    instruction_word::Field(word, 10, 12) * sizeof(uint64_t)};
}

// A hint (C6.2: nop, bti, and those that authenticate x17 and the like), which
// moves nothing elsewhere.
constexpr bool IsHint(uint32_t word) {
  return (word & 0xffff'f01f) == 0xd503'201f;
}

}  // namespace hubspy

#endif  // HUBSPY_DECODE_INSTRUCTION_WORD_H_
