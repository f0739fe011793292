#include <cstddef>

#include "absl/strings/str_cat.h"
#include "decode/capstone_x86_64.h"
#include "decode/instruction_text.h"

namespace hubspy {
namespace {

InstructionRole RoleOf(const cs_insn& insn) {
  const cs_x86& x86 = insn.detail->x86;
  if (insn.id == X86_INS_SYSCALL) return InstructionRole::kSystemCall;
  if (insn.id == X86_INS_PAUSE) return InstructionRole::kPause;
  const bool exchanges =
      insn.id == X86_INS_XCHG && (x86.operands[0].type == X86_OP_MEM ||
                                  x86.operands[1].type == X86_OP_MEM);
  return x86.prefix[0] == X86_PREFIX_LOCK || exchanges
             ? InstructionRole::kAtomic
             : InstructionRole::kOther;
}

// Capstone does not know of every register that is written without being named
// (cmpxchg's rax): only of those instructions is it believed that are usual
// between a system call's number and the call.
bool MayWriteRax(const Capstone& capstone, const cs_insn& insn) {
  switch (insn.id) {
    case X86_INS_ADD:
    case X86_INS_AND:
    case X86_INS_CMP:
    case X86_INS_JAE:
    case X86_INS_JE:
    case X86_INS_JNE:
    case X86_INS_LEA:
    case X86_INS_MOV:
    case X86_INS_MOVABS:
    case X86_INS_MOVSXD:
    case X86_INS_MOVZX:
    case X86_INS_NOP:
    case X86_INS_OR:
    case X86_INS_POP:
    case X86_INS_PUSH:
    case X86_INS_SUB:
    case X86_INS_TEST:
    case X86_INS_XOR:
      return capstone.WritesAny(
          {X86_REG_RAX, X86_REG_EAX, X86_REG_AX, X86_REG_AL, X86_REG_AH});
    default:
      return true;
  }
}

// mov $value,%eax and xor %eax,%eax: how compilers, and people, do it.
std::optional<uint32_t> EaxValue(const cs_insn& insn) {
  const cs_x86& x86 = insn.detail->x86;
  if (x86.op_count != 2 || (!IsReg(x86.operands[0], X86_REG_EAX) &&
                            !IsReg(x86.operands[0], X86_REG_RAX))) {
    return std::nullopt;
  }
  const cs_x86_op& from = x86.operands[1];
  if (insn.id == X86_INS_MOV && from.type == X86_OP_IMM) {
    return static_cast<uint32_t>(from.imm);
  }
  if (insn.id == X86_INS_XOR && IsReg(from, x86.operands[0].reg)) return 0;
  return std::nullopt;
}

// " # 0x4010" for an operand like 0x2e3a(%rip), or nothing.
std::string RipRelative(const cs_insn& insn) {
  const cs_x86& x86 = insn.detail->x86;
  for (uint8_t i = 0; i < x86.op_count; ++i) {
    if (IsBased(x86.operands[i], X86_REG_RIP)) {
      return absl::StrCat(
          " # 0x", absl::Hex(insn.address + insn.size +
                             static_cast<uint64_t>(x86.operands[i].mem.disp)));
    }
  }
  return "";
}

// Capstone 4 lacks a part of AVX-512, which is in the string functions of
// today's C libraries. What has a VEX or EVEX prefix tells its length all the
// same (Intel SDM, volume 2, 2.3.5, 2.7 and table 2-2): prefix, opcode, ModRM,
// what that asks for, and in some opcode maps a byte. 0: it is none of these.
size_t VectorSize(absl::Span<const uint8_t> code) {
  if (code.empty()) return 0;
  const size_t opcode = code[0] == 0xc5   ? 2
                        : code[0] == 0xc4 ? 3
                        : code[0] == 0x62 ? 4
                                          : 0;
  if (opcode == 0 || code.size() < opcode + 2) return 0;
  const int map = opcode == 2 ? 1 : code[1] & (opcode == 3 ? 0x1f : 0x07);
  const uint8_t mod = code[opcode + 1] >> 6;
  const uint8_t rm = code[opcode + 1] & 7;
  size_t size = opcode + 2;
  if (mod != 3) {
    const bool has_sib = rm == 4;
    if (has_sib && size >= code.size()) return 0;
    const uint8_t base = has_sib ? code[size] & 7 : rm;
    size += has_sib ? 1 : 0;
    if (mod == 1) size += 1;
    if (mod == 2 || (mod == 0 && base == 5)) size += 4;
  }
  const uint8_t op = code[opcode];
  const bool has_immediate =
      map == 3 || (map == 1 && ((op >= 0x70 && op <= 0x73) || op == 0xc2 ||
                                (op >= 0xc4 && op <= 0xc6)));
  size += has_immediate ? 1 : 0;
  return size <= code.size() ? size : 0;
}

std::optional<InstructionText> DescribeUnknown(absl::Span<const uint8_t> code) {
  size_t size = VectorSize(code);
  // rdpkru and others of its group: 0f 01 and a register form.
  if (code.size() >= 3 && code[0] == 0x0f && code[1] == 0x01 &&
      code[2] >= 0xc0) {
    size = 3;
  }
  if (size == 0) return std::nullopt;
  InstructionText description{.text = ".byte"};
  for (const uint8_t byte : code.first(size)) {
    absl::StrAppend(&description.text, " 0x", absl::Hex(byte, absl::kZeroPad2));
  }
  description.instruction.size = static_cast<uint8_t>(size);
  return description;
}

std::string AttText(absl::Span<const uint8_t> code, Address at) {
  thread_local Capstone capstone(CS_ARCH_X86, CS_MODE_64, CS_OPT_SYNTAX_ATT);
  const cs_insn* const insn = capstone.Disassemble(code, at);
  if (insn == nullptr) return "";
  return absl::StrCat(insn->mnemonic, insn->op_str[0] == '\0' ? "" : " ",
                      insn->op_str);
}

}  // namespace

std::optional<InstructionText> Describe(absl::Span<const uint8_t> code,
                                        Address at) {
  const std::optional<Instruction> instruction = Decode(code, at);
  if (!instruction) return DescribeUnknown(code);
  Capstone& capstone = IntelCapstone();
  const cs_insn* const insn = capstone.Disassemble(code, at);
  if (insn == nullptr) return DescribeUnknown(code);
  return InstructionText{
      .instruction = *instruction,
      .text = absl::StrCat(AttText(code, at), RipRelative(*insn)),
      .role = RoleOf(*insn),
      .may_write_call_number = MayWriteRax(capstone, *insn),
      .call_number = EaxValue(*insn)};
}

}  // namespace hubspy
