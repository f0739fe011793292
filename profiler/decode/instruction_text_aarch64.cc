#include <cstring>

#include "absl/strings/str_cat.h"
#include "decode/capstone_aarch64.h"
#include "decode/instruction_text.h"

namespace hubspy {
namespace {

// By their encodings: Capstone 4 does not know all of them (Arm ARM C4.1.94,
// Loads and stores).
bool IsAtomic(uint32_t code) {
  const bool exclusive = (code & 0x3f800000) == 0x08000000;  // ldxr, casp, ...
  const bool compares = (code & 0x3fa07c00) == 0x08a07c00;   // cas
  const bool operates = (code & 0x3f200c00) == 0x38200000;   // ldadd, swp, ...
  return exclusive || compares || operates;
}

InstructionRole RoleOf(uint32_t code) {
  constexpr uint32_t kSvc = 0xd4000001;
  // What loops wait with: yield, wfe, and isb, which is a longer yield.
  constexpr uint32_t kYield = 0xd503203f;
  constexpr uint32_t kWaitForEvent = 0xd503205f;
  constexpr uint32_t kIsb = 0xd5033fdf;
  if ((code & 0xffe0001f) == kSvc) return InstructionRole::kSystemCall;
  if (code == kYield || code == kWaitForEvent || code == kIsb) {
    return InstructionRole::kPause;
  }
  return IsAtomic(code) ? InstructionRole::kAtomic : InstructionRole::kOther;
}

// movz x8, #number, or w8: how compilers, and people, do it.
std::optional<uint32_t> CallNumber(uint32_t code) {
  if ((code & 0x7fe0001f) != 0x52800008) return std::nullopt;
  return code >> 5 & 0xffff;
}

}  // namespace

std::optional<InstructionText> Describe(absl::Span<const uint8_t> code,
                                        Address at) {
  const std::optional<Instruction> instruction = Decode(code, at);
  if (!instruction) return std::nullopt;
  uint32_t word;
  std::memcpy(&word, code.data(), sizeof(word));
  Capstone& capstone = Aarch64Capstone();
  const cs_insn* const insn =
      capstone.Disassemble(code.first(instruction->size), at);
  InstructionText description{.instruction = *instruction,
                              .role = RoleOf(word),
                              .call_number = CallNumber(word)};
  if (insn == nullptr) {
    description.text =
        absl::StrCat(".inst 0x", absl::Hex(word, absl::kZeroPad8));
    description.may_write_call_number = true;
    return description;
  }
  description.text = absl::StrCat(
      insn->mnemonic, insn->op_str[0] == '\0' ? "" : " ", insn->op_str);
  description.may_write_call_number =
      capstone.WritesAny({ARM64_REG_X8, ARM64_REG_W8});
  return description;
}

}  // namespace hubspy
