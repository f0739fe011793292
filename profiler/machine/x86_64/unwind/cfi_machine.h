// What x86_64 adds to call frame information, and LLVM libunwind's idea of its
// registers.
#ifndef HUBSPY_UNWIND_CFI_MACHINE_H_
#define HUBSPY_UNWIND_CFI_MACHINE_H_

#include <array>
#include <cstdint>

#include "model/machine.h"

namespace hubspy {

// LLVM libunwind 19's Registers_x86_64 begins with these, eight bytes each.
inline constexpr std::array<Reg, kRegisterCount> kContextOrder = {
    Reg::kRax, Reg::kRbx, Reg::kRcx, Reg::kRdx, Reg::kRdi, Reg::kRsi,
    Reg::kRbp, Reg::kRsp, Reg::kR8,  Reg::kR9,  Reg::kR10, Reg::kR11,
    Reg::kR12, Reg::kR13, Reg::kR14, Reg::kR15, Reg::kRip};

// What a function leaves as it was (System V ABI AMD64, figure 3.4), and the
// two that always have a value.
inline constexpr Reg kTelling[] = {Reg::kRsp, Reg::kRip, Reg::kRbx, Reg::kRbp,
                                   Reg::kR12, Reg::kR13, Reg::kR14, Reg::kR15};

// Those with a DWARF number that libunwind knows; the last is xmm15.
constexpr bool IsCfiRegister(uint64_t number) { return number <= 32; }

// Of the operations reg0 and breg0 and those that follow, which go on to 31.
inline constexpr uint8_t kLastExpressionRegister = 16;

// A call frame instruction that tells whether the return address is signed.
constexpr bool IsSignatureInstruction(uint8_t) { return false; }

// A letter of a CIE's augmentation that tells how it is signed.
constexpr bool IsSignatureLetter(char) { return false; }

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_CFI_MACHINE_H_
