#include <cstring>

#include "decode/capstone_aarch64.h"
#include "decode/decoder.h"

namespace hubspy {
namespace {

using Kind = Instruction::Kind;

constexpr uint8_t kSize = 4;

std::optional<Address> Target(const cs_arm64& arm64) {
  // The last operand: cbz and tbz have others before it.
  if (arm64.op_count == 0) return std::nullopt;
  const cs_arm64_op& to = arm64.operands[arm64.op_count - 1];
  if (to.type != ARM64_OP_IMM) return std::nullopt;
  return Address(static_cast<uint64_t>(to.imm));
}

// What Capstone 4 does not know, but a path through code has to: branches that
// authenticate (Arm ARM C4.1.93, Unconditional branch (register)), and what
// never goes on. All other code that it does not know works on data.
std::optional<Kind> UnknownFlow(uint32_t code) {
  if ((code & 0xfffffbff) == 0xd65f0bff) return Kind::kReturn;  // retaa, retab
  if ((code & 0xfeff'f800) == 0xd63f'0800) return Kind::kCall;  // blraa, ...
  if ((code & 0xfeff'f800) == 0xd61f'0800) return Kind::kJump;  // braa, ...
  return std::nullopt;
}

// Reserved, unallocated, or a branch that is not known (Arm ARM C4.1, op0).
bool IsNoCode(uint32_t code) {
  const uint32_t op0 = code >> 25 & 0xf;
  return op0 == 0 || op0 == 1 || op0 == 3 || (op0 & 0xe) == 0xa;
}

std::optional<Instruction> Flow(const cs_insn& insn) {
  const cs_arm64& arm64 = insn.detail->arm64;
  switch (insn.id) {
    case ARM64_INS_BL:
    case ARM64_INS_BLR:
      return Instruction{.kind = Kind::kCall, .target = Target(arm64)};
    case ARM64_INS_RET:
      return Instruction{.kind = Kind::kReturn};
    case ARM64_INS_BR:
      return Instruction{.kind = Kind::kJump};
    case ARM64_INS_B:
      return Instruction{.kind = arm64.cc == ARM64_CC_INVALID ||
                                         arm64.cc == ARM64_CC_AL ||
                                         arm64.cc == ARM64_CC_NV
                                     ? Kind::kJump
                                     : Kind::kBranch,
                         .target = Target(arm64)};
    case ARM64_INS_CBZ:
    case ARM64_INS_CBNZ:
    case ARM64_INS_TBZ:
    case ARM64_INS_TBNZ:
      return Instruction{.kind = Kind::kBranch, .target = Target(arm64)};
    case ARM64_INS_BRK:
    case ARM64_INS_HLT:
      return Instruction{.kind = Kind::kTrap};
    default:
      return std::nullopt;
  }
}

// The stores and loads by which functions save and restore registers: of one or
// two whole registers, at sp. nullopt: not one of them.
std::optional<Instruction> FrameAccess(const cs_insn& insn) {
  size_t words = 2;
  Kind kind = Kind::kStores;
  switch (insn.id) {
    case ARM64_INS_STP:
      break;
    case ARM64_INS_LDP:
      kind = Kind::kLoads;
      break;
    case ARM64_INS_STR:
    case ARM64_INS_STUR:
      words = 1;
      break;
    case ARM64_INS_LDR:
    case ARM64_INS_LDUR:
      kind = Kind::kLoads;
      words = 1;
      break;
    default:
      return std::nullopt;
  }
  const cs_arm64& arm64 = insn.detail->arm64;
  if (arm64.op_count <= words) return std::nullopt;
  const cs_arm64_op& memory = arm64.operands[words];
  if (memory.type != ARM64_OP_MEM || memory.mem.base != ARM64_REG_SP ||
      memory.mem.index != ARM64_REG_INVALID) {
    return std::nullopt;
  }
  Instruction access{.kind = kind};
  for (size_t i = 0; i < words; ++i) {
    const auto word = static_cast<int8_t>(i);
    if (IsReg(arm64.operands[i], ARM64_REG_FP)) access.fp_word = word;
    if (IsReg(arm64.operands[i], ARM64_REG_LR)) access.lr_word = word;
  }
  // Behind the access, sp moves by an operand of its own.
  const bool moves_after = arm64.op_count > words + 1;
  if (moves_after) {
    const cs_arm64_op& by = arm64.operands[words + 1];
    if (by.type != ARM64_OP_IMM) return std::nullopt;
    access.sp_after = by.imm;
  } else if (arm64.writeback) {
    access.sp_before = memory.mem.disp;
  } else {
    access.value = memory.mem.disp;
    if (access.fp_word < 0 && access.lr_word < 0) return std::nullopt;
  }
  return access;
}

// add and sub with a number, and the mov between them.
std::optional<Instruction> FrameArithmetic(const cs_insn& insn) {
  const cs_arm64& arm64 = insn.detail->arm64;
  const cs_arm64_op* const op = arm64.operands;
  int64_t value = 0;
  switch (insn.id) {
    case ARM64_INS_MOV:
      if (arm64.op_count != 2) return std::nullopt;
      break;
    case ARM64_INS_ADD:
    case ARM64_INS_SUB: {
      if (arm64.op_count != 3 || op[2].type != ARM64_OP_IMM) {
        return std::nullopt;
      }
      const unsigned shift =
          op[2].shift.type == ARM64_SFT_LSL ? op[2].shift.value : 0;
      if (shift > 12) return std::nullopt;
      value = op[2].imm * (int64_t{1} << shift);
      if (insn.id == ARM64_INS_SUB) value = -value;
      break;
    }
    default:
      return std::nullopt;
  }
  const bool to_sp = IsReg(op[0], ARM64_REG_SP);
  const bool to_fp = IsReg(op[0], ARM64_REG_FP);
  if (to_sp && IsReg(op[1], ARM64_REG_SP)) {
    return Instruction{.kind = Kind::kAddToSp, .value = value};
  }
  if (to_sp && IsReg(op[1], ARM64_REG_FP)) {
    return Instruction{.kind = Kind::kSpFromFp, .value = value};
  }
  if (to_fp && IsReg(op[1], ARM64_REG_SP)) {
    return Instruction{.kind = Kind::kFpFromSp, .value = value};
  }
  return std::nullopt;
}

Instruction Translate(const Capstone& capstone, const cs_insn& insn) {
  if (const auto flow = Flow(insn)) return *flow;
  if (const auto access = FrameAccess(insn)) return *access;
  if (const auto arithmetic = FrameArithmetic(insn)) return *arithmetic;
  if (capstone.WritesAny({ARM64_REG_SP, ARM64_REG_WSP})) {
    return {.kind = Kind::kSpoilsSp};
  }
  if (capstone.WritesAny({ARM64_REG_FP, ARM64_REG_W29})) {
    return {.kind = Kind::kSpoilsFp};
  }
  if (capstone.WritesAny({ARM64_REG_LR, ARM64_REG_W30})) {
    return {.kind = Kind::kSpoilsLr};
  }
  return {};
}

}  // namespace

std::optional<Instruction> Decode(absl::Span<const uint8_t> code, Address at) {
  if (code.size() < kSize || at.value() % kSize != 0) return std::nullopt;
  uint32_t word;
  std::memcpy(&word, code.data(), sizeof(word));
  Instruction instruction;
  if (const std::optional<Kind> flow = UnknownFlow(word)) {
    instruction.kind = *flow;
  } else if (word >> 16 == 0) {
    instruction.kind = Kind::kTrap;  // udf
  } else {
    Capstone& capstone = Aarch64Capstone();
    const cs_insn* const insn = capstone.Disassemble(code.first(kSize), at);
    if (insn == nullptr && IsNoCode(word)) return std::nullopt;
    if (insn != nullptr) instruction = Translate(capstone, *insn);
  }
  instruction.size = kSize;
  return instruction;
}

}  // namespace hubspy
