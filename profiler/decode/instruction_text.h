// One x86_64 instruction for people to read.
//
//   Describe(code, at)->text     // "movq 4(%rip), %rax # 0x4010"
#ifndef HUBSPY_DECODE_INSTRUCTION_TEXT_H_
#define HUBSPY_DECODE_INSTRUCTION_TEXT_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/types/span.h"
#include "decode/decoder.h"
#include "model/address.h"
#include "model/annotation.h"

namespace hubspy {

struct InstructionText {
  Instruction instruction;
  std::string text;  // AT&T syntax; behind '#' what a displacement to rip means
  InstructionRole role = InstructionRole::kOther;
  bool may_write_rax = false;         // or a part of it
  std::optional<uint32_t> eax_value;  // when all that it does is to set eax
};

// As Decode; some instructions that Capstone does not know are known by their
// length at least, and described as bytes.
std::optional<InstructionText> Describe(absl::Span<const uint8_t> code,
                                        Address at);

}  // namespace hubspy

#endif  // HUBSPY_DECODE_INSTRUCTION_TEXT_H_
