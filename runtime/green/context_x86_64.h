// context.h's part for x86_64.
#ifndef GREEN_CONTEXT_X86_64_H_
#define GREEN_CONTEXT_X86_64_H_

#include <cstddef>
#include <cstdint>

#include "green/context_layout_x86_64.h"

namespace green::internal {

struct SavedContext {
  uint32_t mxcsr;
  uint16_t x87_control;
  uint16_t padding;
  uint64_t r12;
  uint64_t r13;
  uint64_t r14;
  uint64_t r15;
  uint64_t rbx;
  uint64_t rbp;
  uint64_t rip;
  unsigned char red_zone[128];  // not part of it; keeps its bytes

  uint64_t pc() const { return rip; }

  // One that goes on at `start`, which calls function(argument).
  void Begin(uint64_t start, void (*function)(void*), void* argument) {
    // All that can be set later, as by the first division that is not exact, is
    // set now: on some processors, a switch that changes any bit of MXCSR costs
    // 65 ns, one that loads the same, nothing. Who asks for these flags clears
    // them first.
    mxcsr = GREEN_CONTEXT_MXCSR_START | GREEN_CONTEXT_MXCSR_STICKY;
    // In full precision (figure 3.4).
    x87_control = 0x037f;
    r12 = reinterpret_cast<uint64_t>(function);
    r13 = reinterpret_cast<uint64_t>(argument);
    r14 = r15 = rbx = rbp = 0;
    rip = start;
  }
};
static_assert(offsetof(SavedContext, mxcsr) == GREEN_CONTEXT_MXCSR);
static_assert(offsetof(SavedContext, x87_control) == GREEN_CONTEXT_X87_CONTROL);
static_assert(offsetof(SavedContext, r12) == GREEN_CONTEXT_R12);
static_assert(offsetof(SavedContext, r13) == GREEN_CONTEXT_R13);
static_assert(offsetof(SavedContext, r14) == GREEN_CONTEXT_R14);
static_assert(offsetof(SavedContext, r15) == GREEN_CONTEXT_R15);
static_assert(offsetof(SavedContext, rbx) == GREEN_CONTEXT_RBX);
static_assert(offsetof(SavedContext, rbp) == GREEN_CONTEXT_RBP);
static_assert(offsetof(SavedContext, rip) == GREEN_CONTEXT_RIP);
static_assert(offsetof(SavedContext, red_zone) == GREEN_CONTEXT_RED_ZONE);
static_assert(sizeof(SavedContext) == GREEN_CONTEXT_SIZE);

// What a saved context tells of registers, by DWARF number (System V ABI AMD64,
// figure 3.36).
struct SavedRegister {
  uint16_t number;
  uint16_t offset;
};
inline constexpr uint16_t kFramePointerNumber = 6;
inline constexpr uint16_t kPcNumber = 16;
inline constexpr SavedRegister kSavedRegisters[] = {
    {3, GREEN_CONTEXT_RBX},         {kFramePointerNumber, GREEN_CONTEXT_RBP},
    {12, GREEN_CONTEXT_R12},        {13, GREEN_CONTEXT_R13},
    {14, GREEN_CONTEXT_R14},        {15, GREEN_CONTEXT_R15},
    {kPcNumber, GREEN_CONTEXT_RIP},
};

// To be called once by a thread that switches to contexts: its sticky flags are
// set as theirs are.
inline void RaiseStickyFlags() {
  uint32_t mxcsr;
  asm volatile("stmxcsr %0" : "=m"(mxcsr));
  mxcsr |= GREEN_CONTEXT_MXCSR_STICKY;
  asm volatile("ldmxcsr %0" : : "m"(mxcsr));
}

// Saves the running context, stores its stack pointer in *save_sp, resumes
// to_sp. Returns when somebody switches back. All registers that a function
// need not preserve are lost.
[[gnu::always_inline]] inline void SwitchContext(uint64_t* save_sp,
                                                 uint64_t to_sp) {
  uint64_t resume;
  asm volatile(
      "leaq 1f(%%rip), %%rcx\n\t"
      "jmp green_switch_context\n"
      "1:"
      : "+D"(save_sp), "+S"(to_sp), "=&c"(resume)
      :
      : "rax", "rdx", "r8", "r9", "r10", "r11", "memory", "cc",  //
        "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
        "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15",
#if defined(__AVX512F__)
        "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23",
        "xmm24", "xmm25", "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31",
        "k1", "k2", "k3", "k4", "k5", "k6", "k7",
#endif
        "mm0", "mm1", "mm2", "mm3", "mm4", "mm5", "mm6", "mm7",  //
        "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)");
}

}  // namespace green::internal

#endif  // GREEN_CONTEXT_X86_64_H_
