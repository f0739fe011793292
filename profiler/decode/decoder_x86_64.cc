#include "decode/capstone_x86_64.h"
#include "decode/decoder.h"

namespace hubspy {
namespace {

using Kind = Instruction::Kind;

std::optional<Address> Target(const cs_x86& x86) {
  if (x86.op_count != 1 || x86.operands[0].type != X86_OP_IMM) {
    return std::nullopt;
  }
  return Address(static_cast<uint64_t>(x86.operands[0].imm));
}

bool InGroup(const cs_insn& insn, uint8_t group) {
  for (uint8_t i = 0; i < insn.detail->groups_count; ++i) {
    if (insn.detail->groups[i] == group) return true;
  }
  return false;
}

Instruction Flow(Kind kind, const cs_x86& x86) {
  return {.kind = kind, .target = Target(x86)};
}

// jmp *value(base, index, 8).
Instruction Jump(const cs_x86& x86) {
  Instruction jump = Flow(Kind::kJump, x86);
  const cs_x86_op& to = x86.operands[0];
  if (to.type == X86_OP_MEM && to.mem.index != X86_REG_INVALID &&
      to.mem.scale == 8 && to.mem.base != X86_REG_RSP) {
    jump.from_table = true;
    jump.base = static_cast<uint16_t>(to.mem.base);
    jump.value = to.mem.disp;
  }
  return jump;
}

// lea displacement(%rip), register.
std::optional<Instruction> LoadedAddress(const cs_insn& insn) {
  const cs_x86_op* const op = insn.detail->x86.operands;
  if (insn.id != X86_INS_LEA || !IsBased(op[1], X86_REG_RIP) ||
      op[0].size != sizeof(uint64_t)) {
    return std::nullopt;
  }
  return Instruction{.kind = Kind::kLoadsAddress,
                     .target = Address(insn.address + insn.size) +
                               static_cast<uint64_t>(op[1].mem.disp),
                     .base = static_cast<uint16_t>(op[0].reg)};
}

// The ways in which compilers move rsp and rbp; nullopt: not one of them.
std::optional<Instruction> FrameInstruction(const cs_insn& insn) {
  const cs_x86& x86 = insn.detail->x86;
  const cs_x86_op* const op = x86.operands;
  switch (insn.id) {
    case X86_INS_PUSH:
      return Instruction{.kind = Kind::kPush,
                         .of_fp = IsReg(op[0], X86_REG_RBP)};
    case X86_INS_POP:
      if (IsReg(op[0], X86_REG_RSP))
        return Instruction{.kind = Kind::kSpoilsSp};
      return Instruction{.kind = Kind::kPop,
                         .of_fp = IsReg(op[0], X86_REG_RBP)};
    case X86_INS_PUSHFQ:
      return Instruction{.kind = Kind::kPush};
    case X86_INS_POPFQ:
      return Instruction{.kind = Kind::kPop};
    case X86_INS_LEAVE:
      return Instruction{.kind = Kind::kLeave};
    case X86_INS_ADD:
    case X86_INS_SUB:
      if (!IsReg(op[0], X86_REG_RSP) || op[1].type != X86_OP_IMM) break;
      return Instruction{
          .kind = Kind::kAddToSp,
          .value = insn.id == X86_INS_ADD ? op[1].imm : -op[1].imm};
    case X86_INS_MOV:
      if (IsReg(op[0], X86_REG_RBP) && IsReg(op[1], X86_REG_RSP)) {
        return Instruction{.kind = Kind::kFpFromSp};
      }
      if (IsReg(op[0], X86_REG_RSP) && IsReg(op[1], X86_REG_RBP)) {
        return Instruction{.kind = Kind::kSpFromFp};
      }
      break;
    case X86_INS_LEA:
      if (IsReg(op[0], X86_REG_RSP) && IsBased(op[1], X86_REG_RSP)) {
        return Instruction{.kind = Kind::kAddToSp, .value = op[1].mem.disp};
      }
      if (IsReg(op[0], X86_REG_RSP) && IsBased(op[1], X86_REG_RBP)) {
        return Instruction{.kind = Kind::kSpFromFp, .value = op[1].mem.disp};
      }
      if (IsReg(op[0], X86_REG_RBP) && IsBased(op[1], X86_REG_RSP)) {
        return Instruction{.kind = Kind::kFpFromSp, .value = op[1].mem.disp};
      }
      break;
    default:
      break;
  }
  return std::nullopt;
}

Instruction Translate(const Capstone& capstone, const cs_insn& insn) {
  const cs_x86& x86 = insn.detail->x86;
  if (insn.id == X86_INS_JMP) return Jump(x86);
  if (InGroup(insn, X86_GRP_CALL)) return Flow(Kind::kCall, x86);
  if (InGroup(insn, X86_GRP_RET)) return {.kind = Kind::kReturn};
  if (InGroup(insn, X86_GRP_JUMP)) return Flow(Kind::kBranch, x86);
  if (insn.id == X86_INS_UD2 || insn.id == X86_INS_HLT ||
      insn.id == X86_INS_INT3) {
    return {.kind = Kind::kTrap};
  }
  if (const std::optional<Instruction> frame = FrameInstruction(insn)) {
    return *frame;
  }
  if (capstone.WritesAny({X86_REG_RSP})) return {.kind = Kind::kSpoilsSp};
  if (capstone.WritesAny({X86_REG_RBP, X86_REG_EBP})) {
    return {.kind = Kind::kSpoilsFp};
  }
  if (const std::optional<Instruction> load = LoadedAddress(insn)) {
    return *load;
  }
  return {};
}

// How many bytes the operand in memory takes that a ModR/M byte tells of: that
// byte, SIB and displacement (Intel SDM, volume 2, 2.1.5). `code` begins with
// it; 0: it is not all there.
size_t OperandBytes(absl::Span<const uint8_t> code) {
  if (code.empty()) return 0;
  const int mod = code[0] >> 6;
  const int rm = code[0] & 7;
  if (mod == 3) return 1;
  const bool has_sib = rm == 4;
  if (has_sib && code.size() < 2) return 0;
  const int base = has_sib ? code[1] & 7 : rm;
  size_t displacement = 0;
  if (mod == 1) displacement = 1;
  if (mod == 2 || (mod == 0 && base == 5)) displacement = 4;
  return 1 + size_t{has_sib} + displacement;
}

// Capstone does not know all of AVX-512 (of Go's collector, vgf2p8affineqb).
// By the EVEX prefix it can be told how long such an instruction is: of the
// opcode map 0F 38 without an immediate, of 0F 3A with one byte (Intel SDM,
// volume 2, 2.7.1). They work on vectors and masks alone.
std::optional<Instruction> UnknownEvex(absl::Span<const uint8_t> code) {
  constexpr uint8_t kEvex = 0x62;
  constexpr size_t kToOperands = 5;  // the prefix's four bytes, the opcode
  if (code.size() <= kToOperands || code[0] != kEvex) return std::nullopt;
  const int map = code[1] & 7;
  if (map != 2 && map != 3) return std::nullopt;
  const size_t operands = OperandBytes(code.subspan(kToOperands));
  const size_t size = kToOperands + operands + (map == 3 ? 1 : 0);
  if (operands == 0 || size > code.size()) return std::nullopt;
  return Instruction{.size = static_cast<uint8_t>(size)};
}

}  // namespace

std::optional<Instruction> Decode(absl::Span<const uint8_t> code, Address at) {
  Capstone& capstone = IntelCapstone();
  const cs_insn* const insn = capstone.Disassemble(code, at);
  if (insn == nullptr) return UnknownEvex(code);
  Instruction instruction = Translate(capstone, *insn);
  instruction.size = static_cast<uint8_t>(insn->size);
  return instruction;
}

}  // namespace hubspy
