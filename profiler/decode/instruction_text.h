// One instruction for people to read.
//
//   Describe(code, at)->text     // "movq 4(%rip), %rax # 0x4010"
//                                // "ldr x0, [x19, #0x10]"
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
  // In the syntax of the GNU assembler; on x86_64, behind '#', what a
  // displacement to rip means.
  std::string text;
  InstructionRole role = InstructionRole::kOther;
  // The register that holds a system call's number (rax, x8), or a part of it.
  bool may_write_call_number = false;
  // What it sets that to, when it does nothing else.
  std::optional<uint32_t> call_number;
};

// As Decode; some instructions that Capstone does not know are known by their
// length at least, and described as bytes.
std::optional<InstructionText> Describe(absl::Span<const uint8_t> code,
                                        Address at);

}  // namespace hubspy

#endif  // HUBSPY_DECODE_INSTRUCTION_TEXT_H_
