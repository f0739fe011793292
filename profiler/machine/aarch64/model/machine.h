// What the rooms have to know of aarch64: its registers, and how its files say
// that they are for it. Another machine has a header of the same name; which of
// them is included, CMake chooses.
#ifndef HUBSPY_MODEL_MACHINE_H_
#define HUBSPY_MODEL_MACHINE_H_

#include <cstddef>
#include <cstdint>

#include "model/signature_bits.h"

namespace hubspy {

inline constexpr char kMachineName[] = "aarch64";
inline constexpr uint16_t kElfMachine = 183;  // EM_AARCH64 (elf.h)
// CPU_TYPE_ARM64 (mach/machine.h)
inline constexpr uint32_t kMachoCpu = 0x0100000c;

// By DWARF register number (DWARF for the Arm 64-bit Architecture, 4.1). The
// last ones name those that every machine has, and the link register.
enum class Reg : uint8_t {
  kX0 = 0,
  kX1 = 1,
  kX2 = 2,
  kX3 = 3,
  kX4 = 4,
  kX5 = 5,
  kX6 = 6,
  kX7 = 7,
  kX8 = 8,
  kX9 = 9,
  kX10 = 10,
  kX11 = 11,
  kX12 = 12,
  kX13 = 13,
  kX14 = 14,
  kX15 = 15,
  kX16 = 16,
  kX17 = 17,
  kX18 = 18,
  kX19 = 19,
  kX20 = 20,
  kX21 = 21,
  kX22 = 22,
  kX23 = 23,
  kX24 = 24,
  kX25 = 25,
  kX26 = 26,
  kX27 = 27,
  kX28 = 28,
  kX29 = 29,
  kX30 = 30,
  kSp = 31,
  kPc = 32,

  kFp = kX29,
  kLr = kX30,
};
inline constexpr int kRegisterCount = 33;

inline constexpr size_t kMaxInstructionBytes = 4;
inline constexpr size_t kMaxCallBytes = 4;

}  // namespace hubspy

#endif  // HUBSPY_MODEL_MACHINE_H_
