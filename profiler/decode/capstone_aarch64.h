// Capstone for aarch64, and tests of its operands.
#ifndef HUBSPY_DECODE_CAPSTONE_AARCH64_H_
#define HUBSPY_DECODE_CAPSTONE_AARCH64_H_

#include "decode/capstone_handle.h"

namespace hubspy {

inline bool IsReg(const cs_arm64_op& operand, arm64_reg reg) {
  return operand.type == ARM64_OP_REG && operand.reg == reg;
}

inline Capstone& Aarch64Capstone() {
  thread_local Capstone capstone(CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN,
                                 CS_OPT_SYNTAX_DEFAULT);
  return capstone;
}

}  // namespace hubspy

#endif  // HUBSPY_DECODE_CAPSTONE_AARCH64_H_
