#include "decode/decoder.h"

#include <capstone/capstone.h>

#include <algorithm>
#include <initializer_list>

#include "absl/strings/str_cat.h"

namespace hubspy {
namespace {

using Kind = Instruction::Kind;

// Capstone's handle and its one instruction, for a thread. The order of the
// operands is that of the syntax, in the details, too.
class Capstone {
 public:
  explicit Capstone(cs_opt_value syntax) {
    if (cs_open(CS_ARCH_X86, CS_MODE_64, &handle_) != CS_ERR_OK) return;
    cs_option(handle_, CS_OPT_DETAIL, CS_OPT_ON);
    cs_option(handle_, CS_OPT_SYNTAX, syntax);
    instruction_ = cs_malloc(handle_);
  }
  ~Capstone() {
    if (instruction_ != nullptr) cs_free(instruction_, 1);
    if (handle_ != 0) cs_close(&handle_);
  }
  Capstone(const Capstone&) = delete;
  Capstone& operator=(const Capstone&) = delete;

  // Null: no instruction. Valid until the next call.
  const cs_insn* Disassemble(absl::Span<const uint8_t> code, Address at) {
    if (instruction_ == nullptr) return nullptr;
    const uint8_t* bytes = code.data();
    size_t size = code.size();
    uint64_t address = at.value();
    return cs_disasm_iter(handle_, &bytes, &size, &address, instruction_)
               ? instruction_
               : nullptr;
  }
  bool Writes(x86_reg reg) const { return WritesAny({reg}); }
  bool WritesAny(std::initializer_list<x86_reg> regs) const {
    cs_regs read;
    cs_regs written;
    uint8_t read_count = 0;
    uint8_t written_count = 0;
    if (cs_regs_access(handle_, instruction_, read, &read_count, written,
                       &written_count) != CS_ERR_OK) {
      return true;
    }
    for (uint8_t i = 0; i < written_count; ++i) {
      if (std::find(regs.begin(), regs.end(), written[i]) != regs.end()) {
        return true;
      }
    }
    return false;
  }

 private:
  csh handle_ = 0;
  cs_insn* instruction_ = nullptr;
};

bool IsReg(const cs_x86_op& operand, x86_reg reg) {
  return operand.type == X86_OP_REG && operand.reg == reg;
}

// [base + displacement], nothing else.
bool IsBased(const cs_x86_op& operand, x86_reg base) {
  return operand.type == X86_OP_MEM && operand.mem.base == base &&
         operand.mem.index == X86_REG_INVALID;
}

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

// The ways in which compilers move rsp and rbp; nullopt: not one of them.
std::optional<Instruction> FrameInstruction(const cs_insn& insn) {
  const cs_x86& x86 = insn.detail->x86;
  const cs_x86_op* const op = x86.operands;
  switch (insn.id) {
    case X86_INS_PUSH:
      return Instruction{.kind = Kind::kPush,
                         .of_rbp = IsReg(op[0], X86_REG_RBP)};
    case X86_INS_POP:
      if (IsReg(op[0], X86_REG_RSP))
        return Instruction{.kind = Kind::kSpoilsRsp};
      return Instruction{.kind = Kind::kPop,
                         .of_rbp = IsReg(op[0], X86_REG_RBP)};
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
          .kind = Kind::kAddToRsp,
          .value = insn.id == X86_INS_ADD ? op[1].imm : -op[1].imm};
    case X86_INS_MOV:
      if (IsReg(op[0], X86_REG_RBP) && IsReg(op[1], X86_REG_RSP)) {
        return Instruction{.kind = Kind::kRbpFromRsp};
      }
      if (IsReg(op[0], X86_REG_RSP) && IsReg(op[1], X86_REG_RBP)) {
        return Instruction{.kind = Kind::kRspFromRbp};
      }
      break;
    case X86_INS_LEA:
      if (IsReg(op[0], X86_REG_RSP) && IsBased(op[1], X86_REG_RSP)) {
        return Instruction{.kind = Kind::kAddToRsp, .value = op[1].mem.disp};
      }
      if (IsReg(op[0], X86_REG_RSP) && IsBased(op[1], X86_REG_RBP)) {
        return Instruction{.kind = Kind::kRspFromRbp, .value = op[1].mem.disp};
      }
      if (IsReg(op[0], X86_REG_RBP) && IsBased(op[1], X86_REG_RSP)) {
        return Instruction{.kind = Kind::kRbpFromRsp, .value = op[1].mem.disp};
      }
      break;
    default:
      break;
  }
  return std::nullopt;
}

Instruction Translate(const Capstone& capstone, const cs_insn& insn) {
  const cs_x86& x86 = insn.detail->x86;
  if (insn.id == X86_INS_JMP) return Flow(Kind::kJump, x86);
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
  if (capstone.Writes(X86_REG_RSP)) return {.kind = Kind::kSpoilsRsp};
  if (capstone.Writes(X86_REG_RBP) || capstone.Writes(X86_REG_EBP)) {
    return {.kind = Kind::kSpoilsRbp};
  }
  return {};
}

Capstone& Details() {
  thread_local Capstone capstone(CS_OPT_SYNTAX_INTEL);
  return capstone;
}

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
  thread_local Capstone capstone(CS_OPT_SYNTAX_ATT);
  const cs_insn* const insn = capstone.Disassemble(code, at);
  if (insn == nullptr) return "";
  return absl::StrCat(insn->mnemonic, insn->op_str[0] == '\0' ? "" : " ",
                      insn->op_str);
}

}  // namespace

std::optional<Instruction> Decode(absl::Span<const uint8_t> code, Address at) {
  Capstone& capstone = Details();
  const cs_insn* const insn = capstone.Disassemble(code, at);
  if (insn == nullptr) return std::nullopt;
  Instruction instruction = Translate(capstone, *insn);
  instruction.size = static_cast<uint8_t>(insn->size);
  return instruction;
}

std::optional<InstructionText> Describe(absl::Span<const uint8_t> code,
                                        Address at) {
  Capstone& capstone = Details();
  const cs_insn* const insn = capstone.Disassemble(code, at);
  if (insn == nullptr) return DescribeUnknown(code);
  InstructionText description{
      .instruction = Translate(capstone, *insn),
      .text = absl::StrCat(AttText(code, at), RipRelative(*insn)),
      .role = RoleOf(*insn),
      .may_write_rax = MayWriteRax(capstone, *insn),
      .eax_value = EaxValue(*insn)};
  description.instruction.size = static_cast<uint8_t>(insn->size);
  return description;
}

}  // namespace hubspy
