#include "unwind/cfi_check.h"

#include "unwind/cfi_machine.h"
#include "unwind/dwarf_cursor.h"

namespace hubspy {
namespace {

// libunwind's expression stack holds 100 values.
constexpr int kMaxExpressionDepth = 64;
constexpr int kMaxRememberedRows = 64;

void CheckRegister(DwarfCursor& cursor) {
  if (!IsCfiRegister(cursor.Unsigned())) cursor.Fail();
}

// The effect of one operation on the depth of the expression stack.
struct Effect {
  int needs = 0;
  int change = 0;
};

// Reads one operation's operands (DWARF 5, 7.7.1). Jumps and calls, which can
// run for ever, and divisions, which can trap, fail.
Effect TakeOperation(DwarfCursor& cursor) {
  const uint8_t op = cursor.Take<uint8_t>();
  constexpr Effect kPush{.needs = 0, .change = 1};
  constexpr Effect kUnary{.needs = 1, .change = 0};
  constexpr Effect kBinary{.needs = 2, .change = -1};
  if (op >= 0x30 && op <= 0x4f) return kPush;  // lit0..31
  constexpr uint8_t kReg0 = 0x50;
  constexpr uint8_t kBreg0 = 0x70;
  if (op >= kReg0 && op <= kReg0 + kLastExpressionRegister) return kPush;
  if (op >= kBreg0 && op <= kBreg0 + kLastExpressionRegister) {
    cursor.Signed();
    return kPush;
  }
  if (op >= 0x29 && op <= 0x2e) return kBinary;  // eq .. ne
  switch (op) {
    case 0x03:  // addr
    case 0x0e:  // const8u
    case 0x0f:  // const8s
      cursor.Skip(8);
      return kPush;
    case 0x08:  // const1u
    case 0x09:  // const1s
      cursor.Skip(1);
      return kPush;
    case 0x0a:  // const2u
    case 0x0b:  // const2s
      cursor.Skip(2);
      return kPush;
    case 0x0c:  // const4u
    case 0x0d:  // const4s
      cursor.Skip(4);
      return kPush;
    case 0x10:  // constu
      cursor.Unsigned();
      return kPush;
    case 0x11:  // consts
      cursor.Signed();
      return kPush;
    case 0x12:  // dup
      return {.needs = 1, .change = 1};
    case 0x13:  // drop
      return {.needs = 1, .change = -1};
    case 0x14:  // over
      return {.needs = 2, .change = 1};
    case 0x15:  // pick
      return {.needs = cursor.Take<uint8_t>() + 1, .change = 1};
    case 0x16:  // swap
      return {.needs = 2, .change = 0};
    case 0x17:  // rot
      return {.needs = 3, .change = 0};
    case 0x06:  // deref
    case 0x19:  // abs
    case 0x1f:  // neg
    case 0x20:  // not
      return kUnary;
    case 0x94:  // deref_size
      cursor.Skip(1);
      return kUnary;
    case 0x23:  // plus_uconst
      cursor.Unsigned();
      return kUnary;
    case 0x1a:  // and
    case 0x1c:  // minus
    case 0x1e:  // mul
    case 0x21:  // or
    case 0x22:  // plus
    case 0x24:  // shl
    case 0x25:  // shr
    case 0x26:  // shra
    case 0x27:  // xor
      return kBinary;
    case 0x96:  // nop
      return {};
    default:
      cursor.Fail();
      return {};
  }
}

void CheckExpression(const ShadowView& view, DwarfCursor& cursor) {
  const uint64_t size = cursor.Unsigned();
  const uint64_t begin = cursor.at();
  cursor.Skip(size);
  if (!cursor.ok()) return;
  DwarfCursor expression(view, {begin, begin + size});
  int depth = 1;  // it starts with the CFA, or a zero, on the stack
  while (!expression.done()) {
    const Effect effect = TakeOperation(expression);
    if (depth < effect.needs) cursor.Fail();
    depth += effect.change;
    if (depth < 1 || depth > kMaxExpressionDepth) cursor.Fail();
    if (!cursor.ok()) return;
  }
  if (!expression.ok()) cursor.Fail();
}

// Reads one instruction's operands (DWARF 5, 7.24, and the Linux Standard Base
// for the GNU ones); returns by how much it changes the number of remembered
// rows. DW_CFA_set_loc fails: nobody makes it, and its operand is encoded
// relative to where it lies.
int TakeInstruction(const ShadowView& view, DwarfCursor& cursor) {
  const uint8_t opcode = cursor.Take<uint8_t>();
  const uint8_t low = opcode & 0x3f;
  switch (opcode & 0xc0) {
    case 0x40:  // advance_loc
      return 0;
    case 0x80:  // offset
      if (!IsCfiRegister(low)) cursor.Fail();
      cursor.Unsigned();
      return 0;
    case 0xc0:  // restore
      if (!IsCfiRegister(low)) cursor.Fail();
      return 0;
  }
  switch (opcode) {
    case 0x00:  // nop
      break;
    case 0x02:  // advance_loc1
      cursor.Skip(1);
      break;
    case 0x03:  // advance_loc2
      cursor.Skip(2);
      break;
    case 0x04:  // advance_loc4
      cursor.Skip(4);
      break;
    case 0x05:  // offset_extended
    case 0x0c:  // def_cfa
    case 0x14:  // val_offset
    case 0x2f:  // GNU_negative_offset_extended
      CheckRegister(cursor);
      cursor.Unsigned();
      break;
    case 0x06:  // restore_extended
    case 0x07:  // undefined
    case 0x08:  // same_value
    case 0x0d:  // def_cfa_register
      CheckRegister(cursor);
      break;
    case 0x09:  // register
      CheckRegister(cursor);
      CheckRegister(cursor);
      break;
    case 0x0a:  // remember_state
      return 1;
    case 0x0b:  // restore_state
      return -1;
    case 0x0e:  // def_cfa_offset
    case 0x2e:  // GNU_args_size
      cursor.Unsigned();
      break;
    case 0x0f:  // def_cfa_expression
      CheckExpression(view, cursor);
      break;
    case 0x10:  // expression
    case 0x16:  // val_expression
      CheckRegister(cursor);
      CheckExpression(view, cursor);
      break;
    case 0x11:  // offset_extended_sf
    case 0x12:  // def_cfa_sf
    case 0x15:  // val_offset_sf
      CheckRegister(cursor);
      cursor.Signed();
      break;
    case 0x13:  // def_cfa_offset_sf
      cursor.Signed();
      break;
    default:
      if (!IsSignatureInstruction(opcode)) cursor.Fail();
  }
  return 0;
}

}  // namespace

bool MakeSafeCfiProgram(absl::Span<std::byte> program) {
  constexpr std::byte kNop{0};
  const ShadowView view(program);
  DwarfCursor cursor(view, view.range());
  int remembered = 0;
  while (!cursor.done()) {
    std::byte& opcode = program[cursor.at()];
    remembered += TakeInstruction(view, cursor);
    if (IsSignatureInstruction(static_cast<uint8_t>(opcode))) opcode = kNop;
    if (remembered < 0 || remembered > kMaxRememberedRows) return false;
  }
  return cursor.ok();
}

}  // namespace hubspy
