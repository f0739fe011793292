// Capstone for x86_64, and tests of its operands.
#ifndef HUBSPY_DECODE_CAPSTONE_X86_64_H_
#define HUBSPY_DECODE_CAPSTONE_X86_64_H_

#include "decode/capstone_handle.h"

namespace hubspy {

inline bool IsReg(const cs_x86_op& operand, x86_reg reg) {
  return operand.type == X86_OP_REG && operand.reg == reg;
}

// [base + displacement], nothing else.
inline bool IsBased(const cs_x86_op& operand, x86_reg base) {
  return operand.type == X86_OP_MEM && operand.mem.base == base &&
         operand.mem.index == X86_REG_INVALID;
}

// With operands in Intel's order.
inline Capstone& IntelCapstone() {
  thread_local Capstone capstone(CS_ARCH_X86, CS_MODE_64, CS_OPT_SYNTAX_INTEL);
  return capstone;
}

}  // namespace hubspy

#endif  // HUBSPY_DECODE_CAPSTONE_X86_64_H_
