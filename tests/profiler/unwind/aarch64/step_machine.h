// Calls and returns of aarch64, as seen by who steps through them.
#ifndef HUBSPY_TESTS_PROFILER_UNWIND_STEP_MACHINE_H_
#define HUBSPY_TESTS_PROFILER_UNWIND_STEP_MACHINE_H_

#include <cstdint>
#include <cstring>

#include "profiler/unwind/live_capture.h"

namespace hubspy {

// bl, blr
inline bool IsCall(const uint8_t* code) {
  uint32_t word;
  std::memcpy(&word, code, sizeof(word));
  return (word & 0xfc000000) == 0x94000000 || (word & 0xfffffc1f) == 0xd63f0000;
}

inline bool IsReturn(const uint8_t* code) {
  uint32_t word;
  std::memcpy(&word, code, sizeof(word));
  return word == 0xd65f03c0;
}

// Of a thread at the first instruction of a function.
inline uint64_t ReturnAddressAtEntry(const LiveCapture& at) {
  return at.registers.Get(Reg::kLr).value_or(0);
}

// All that /proc tells, and the link register: without it the caller of a
// function that has not saved it, or not any more, is not always found.
inline Registers WithoutFramePointer(const Registers& registers) {
  Registers known = Registers::FromPcAndSp(registers.pc(), registers.sp());
  known.Set(Reg::kLr, registers.Get(Reg::kLr).value_or(0));
  return known;
}

}  // namespace hubspy

#endif  // HUBSPY_TESTS_PROFILER_UNWIND_STEP_MACHINE_H_
