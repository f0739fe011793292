// What aarch64 adds to call frame information, and LLVM libunwind's idea of its
// registers.
#ifndef HUBSPY_UNWIND_CFI_MACHINE_H_
#define HUBSPY_UNWIND_CFI_MACHINE_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "model/machine.h"

namespace hubspy {

// LLVM libunwind 19's Registers_arm64 begins with all of them, eight bytes
// each, by their DWARF numbers.
inline constexpr std::array<Reg, kRegisterCount> kContextOrder = [] {
  std::array<Reg, kRegisterCount> order{};
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<Reg>(i);
  return order;
}();

// What a function leaves as it was (AAPCS64, 6.1.1), and the two that always
// have a value. Not the link register, in which a call has put its own return
// address.
inline constexpr Reg kTelling[] = {
    Reg::kSp,  Reg::kPc,  Reg::kX19, Reg::kX20, Reg::kX21, Reg::kX22, Reg::kX23,
    Reg::kX24, Reg::kX25, Reg::kX26, Reg::kX27, Reg::kX28, Reg::kX29};

// Those with a DWARF number that libunwind can save and restore: x0 to x30, sp,
// pc, and v0 to v31. Not RA_SIGN_STATE, by which it would authenticate the
// return address.
constexpr bool IsCfiRegister(uint64_t number) {
  return number <= 32 || (number >= 64 && number <= 95);
}

// Of the operations reg0 and breg0 and those that follow, which go on to 31.
inline constexpr uint8_t kLastExpressionRegister = 31;

// A call frame instruction that tells whether the return address is signed, and
// has no operands: DW_CFA_AARCH64_negate_ra_state and its _with_pc (DWARF for
// the Arm 64-bit Architecture, 4.4).
constexpr bool IsSignatureInstruction(uint8_t opcode) {
  return opcode == 0x2d || opcode == 0x2c;
}

// A letter of a CIE's augmentation that tells how it is signed: with key B.
constexpr bool IsSignatureLetter(char letter) { return letter == 'B'; }

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_CFI_MACHINE_H_
