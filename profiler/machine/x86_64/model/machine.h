// What the rooms have to know of x86_64: its registers, and how its files say
// that they are for it. Another machine has a header of the same name; which of
// them is included, CMake chooses.
#ifndef HUBSPY_MODEL_MACHINE_H_
#define HUBSPY_MODEL_MACHINE_H_

#include <cstddef>
#include <cstdint>

namespace hubspy {

inline constexpr char kMachineName[] = "x86_64";
inline constexpr uint16_t kElfMachine = 62;  // EM_X86_64 (elf.h)
// CPU_TYPE_X86_64 (mach/machine.h)
inline constexpr uint32_t kMachoCpu = 0x01000007;

// By DWARF register number (System V ABI AMD64, figure 3.36). The last ones
// name those that every machine has.
enum class Reg : uint8_t {
  kRax = 0,
  kRdx = 1,
  kRcx = 2,
  kRbx = 3,
  kRsi = 4,
  kRdi = 5,
  kRbp = 6,
  kRsp = 7,
  kR8 = 8,
  kR9 = 9,
  kR10 = 10,
  kR11 = 11,
  kR12 = 12,
  kR13 = 13,
  kR14 = 14,
  kR15 = 15,
  kRip = 16,

  kFp = kRbp,
  kSp = kRsp,
  kPc = kRip,
};
inline constexpr int kRegisterCount = 17;

inline constexpr size_t kMaxInstructionBytes =
    15;  // Intel SDM, volume 2, 2.3.11
// ff /2 with a prefix, a REX prefix, SIB and a 32-bit displacement.
inline constexpr size_t kMaxCallBytes = 9;

// Bits of a stored code address that are no part of it: none.
inline constexpr uint64_t SignatureBits() { return 0; }

}  // namespace hubspy

#endif  // HUBSPY_MODEL_MACHINE_H_
