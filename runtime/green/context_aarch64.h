// context.h's part for aarch64.
#ifndef GREEN_CONTEXT_AARCH64_H_
#define GREEN_CONTEXT_AARCH64_H_

#include <cstddef>
#include <cstdint>

#include "green/context_layout_aarch64.h"

// Saves the running context, stores its stack pointer in *save_sp, resumes
// to_sp.
extern "C" void green_switch_context(uint64_t* save_sp, uint64_t to_sp) asm(
    "green_switch_context");

namespace green::internal {

struct SavedContext {
  uint64_t fpcr;
  uint64_t fpsr;
  uint64_t x19_to_x28[10];
  uint64_t x29;
  uint64_t x30;
  uint64_t d8_to_d15[8];

  uint64_t pc() const { return x30; }

  // One that goes on at `start`, which calls function(argument).
  void Begin(uint64_t start, void (*function)(void*), void* argument) {
    *this = {};
    // As all of them begin, so that few switches have to change it: see the
    // assembly. Who asks for these flags clears them first.
    fpsr = GREEN_CONTEXT_FPSR_STICKY;
    x19_to_x28[0] = reinterpret_cast<uint64_t>(function);
    x19_to_x28[1] = reinterpret_cast<uint64_t>(argument);
    x30 = start;
  }
};
static_assert(offsetof(SavedContext, fpcr) == GREEN_CONTEXT_FPCR);
static_assert(offsetof(SavedContext, fpsr) == GREEN_CONTEXT_FPSR);
static_assert(offsetof(SavedContext, x19_to_x28[0]) == GREEN_CONTEXT_X19);
static_assert(offsetof(SavedContext, x19_to_x28[1]) == GREEN_CONTEXT_X20);
static_assert(offsetof(SavedContext, x19_to_x28[9]) == GREEN_CONTEXT_X28);
static_assert(offsetof(SavedContext, x29) == GREEN_CONTEXT_X29);
static_assert(offsetof(SavedContext, x30) == GREEN_CONTEXT_X30);
static_assert(offsetof(SavedContext, d8_to_d15[0]) == GREEN_CONTEXT_D8);
static_assert(offsetof(SavedContext, d8_to_d15[7]) == GREEN_CONTEXT_D15);
static_assert(sizeof(SavedContext) == GREEN_CONTEXT_SIZE);

// What a saved context tells of registers, by DWARF number (DWARF for the Arm
// 64-bit Architecture, 4.1). Where it goes on is the pc's, 32; it says nothing
// of x30, which is lost as in any call.
struct SavedRegister {
  uint16_t number;
  uint16_t offset;
};
inline constexpr uint16_t kFramePointerNumber = 29;
inline constexpr uint16_t kPcNumber = 32;
inline constexpr SavedRegister kSavedRegisters[] = {
    {19, GREEN_CONTEXT_X19},
    {20, GREEN_CONTEXT_X20},
    {21, GREEN_CONTEXT_X21},
    {22, GREEN_CONTEXT_X22},
    {23, GREEN_CONTEXT_X23},
    {24, GREEN_CONTEXT_X24},
    {25, GREEN_CONTEXT_X25},
    {26, GREEN_CONTEXT_X26},
    {27, GREEN_CONTEXT_X27},
    {28, GREEN_CONTEXT_X28},
    {kFramePointerNumber, GREEN_CONTEXT_X29},
    {kPcNumber, GREEN_CONTEXT_X30},
};

// To be called once by a thread that switches to contexts: its sticky flags are
// set as theirs are.
inline void RaiseStickyFlags() {
  uint64_t fpsr;
  asm volatile("mrs %0, fpsr" : "=r"(fpsr));
  fpsr |= GREEN_CONTEXT_FPSR_STICKY;
  asm volatile("msr fpsr, %0" : : "r"(fpsr));
}

// Saves the running context, stores its stack pointer in *save_sp, resumes
// to_sp. Returns when somebody switches back. All registers that a function
// need not preserve are lost.
//
// An ordinary call, so that also what only a compiler knows to save is saved:
// the upper halves of v8 to v15, and the scalable registers.
[[gnu::always_inline]] inline void SwitchContext(uint64_t* save_sp,
                                                 uint64_t to_sp) {
  green_switch_context(save_sp, to_sp);
}

}  // namespace green::internal

#endif  // GREEN_CONTEXT_AARCH64_H_
