// Where in a code address that was stored to return to its signature is, on
// macOS.
#ifndef HUBSPY_MODEL_SIGNATURE_BITS_H_
#define HUBSPY_MODEL_SIGNATURE_BITS_H_

#include <cstdint>

namespace hubspy {

// Bits of a stored code address that may be its signature (pointer
// authentication, Arm ARM D8.10): all above user space's addresses, which end
// at 2^47 (xnu, osfmk/mach/arm/vm_param.h, MACH_VM_MAX_ADDRESS), because a tag
// is for data only. Apple's own libraries sign, whatever the program does.
inline constexpr uint64_t SignatureBits() { return 0xffff'8000'0000'0000; }

}  // namespace hubspy

#endif  // HUBSPY_MODEL_SIGNATURE_BITS_H_
