// Calls and returns of x86_64, as seen by who steps through them.
#ifndef HUBSPY_TESTS_PROFILER_UNWIND_STEP_MACHINE_H_
#define HUBSPY_TESTS_PROFILER_UNWIND_STEP_MACHINE_H_

#include <cstdint>

#include "profiler/unwind/live_capture.h"

namespace hubspy {

inline bool IsCall(const uint8_t* code) {
  return code[0] == 0xe8 || (code[0] == 0xff && (code[1] & 0x38) == 0x10) ||
         (code[0] == 0x41 && code[1] == 0xff && (code[2] & 0x38) == 0x10);
}

inline bool IsReturn(const uint8_t* code) { return code[0] == 0xc3; }

// Of a thread at the first instruction of a function.
inline uint64_t ReturnAddressAtEntry(const LiveCapture& at) {
  return at.stack.Read<uint64_t>(at.registers.sp()).value_or(0);
}

// All that /proc tells.
inline Registers WithoutFramePointer(const Registers& registers) {
  return Registers::FromPcAndSp(registers.pc(), registers.sp());
}

}  // namespace hubspy

#endif  // HUBSPY_TESTS_PROFILER_UNWIND_STEP_MACHINE_H_
