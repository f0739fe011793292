// Where in a code address that was stored to return to its signature is, on
// Linux.
#ifndef HUBSPY_MODEL_SIGNATURE_BITS_H_
#define HUBSPY_MODEL_SIGNATURE_BITS_H_

#include <cstdint>

namespace hubspy {

// Bits of a stored code address that may be its signature (pointer
// authentication, Arm ARM D8.10): those above user space's addresses, and below
// the bits that tell user space from the kernel or are a tag (Linux,
// Documentation/arch/arm64/memory.rst and pointer-authentication.rst).
// Addresses end at 2^48 unless a program asks for more; on kernels that were
// built for fewer bits (Android's, for 2^39) the signature begins lower, as the
// processor knows: xpaclri, nothing on one without signatures, clears one in
// the link register (Arm ARM C6.2). That is what the kernel tells as
// NT_ARM_PAC_MASK, to who stops a thread.
inline uint64_t SignatureBits() {
  constexpr uint64_t kUpToBit54 = 0x007f'ffff'ffff'ffff;
  constexpr uint64_t kFrom48 = 0x007f'0000'0000'0000;
  static const uint64_t bits = [] {
    register uint64_t stored asm("x30") = kUpToBit54;
    asm("hint #7" : "+r"(stored));
    return (kUpToBit54 & ~stored) | kFrom48;
  }();
  return bits;
}

}  // namespace hubspy

#endif  // HUBSPY_MODEL_SIGNATURE_BITS_H_
