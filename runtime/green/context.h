// A suspended flow of execution, saved on its own stack, and the switch from
// one to another.
//
//   uint64_t here = 0;
//   uint64_t there = PrepareContext(stack.end, &Function, argument);
//   SwitchContext(&here, there);  // Function(argument) runs on `stack`
//
// A context is its saved stack pointer; what lies there is described by
// context_layout_<machine>.h and published for observers. Debuggers can unwind
// through a switch, and stop at the first frame of a context.
//
// The surprising part: nothing but what the ABI calls preserved is saved. State
// that a C++ program thinks of as the thread's, such as the exceptions being
// handled, is its caller's to save (see green_thread.cc).
#ifndef GREEN_CONTEXT_H_
#define GREEN_CONTEXT_H_

#include <cstddef>
#include <cstdint>

#if !defined(__x86_64__)
#error "green: no context switch for this machine yet"
#endif
#include "green/context_layout_x86_64.h"

extern "C" void green_start_context();

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

// Lays out, at the top of a stack that ends at `stack_end`, a context that
// calls function(argument) when it is first switched to. `function` must not
// return. `stack_end` must be a multiple of 16.
//
// A little room stays free above it: the first frame's CFA (DWARF 5, 6.4.1),
// which unwinders compute before they find that it has no caller, must lie
// within the stack. And neighbouring stacks begin at different places in their
// pages, up to 2 KiB down: at the same place, what a switch touches would be in
// the same few sets of the caches for all of them.
inline uint64_t PrepareContext(uint64_t stack_end, void (*function)(void*),
                               void* argument) {
  constexpr uint64_t kRoomAbove = 16;
  const uint64_t colour = (stack_end >> 12) % 32 * 64;
  const uint64_t sp = stack_end - colour - kRoomAbove - sizeof(SavedContext);
  auto& context = *reinterpret_cast<SavedContext*>(sp);
  // All that can be set later, as by the first division that is not exact, is
  // set now: on some processors, a switch that changes any bit of MXCSR costs
  // 65 ns, one that loads the same, nothing. Who asks for these flags clears
  // them first.
  context.mxcsr = GREEN_CONTEXT_MXCSR_START | GREEN_CONTEXT_MXCSR_STICKY;
  // In full precision (figure 3.4).
  context.x87_control = 0x037f;
  context.r12 = reinterpret_cast<uint64_t>(function);
  context.r13 = reinterpret_cast<uint64_t>(argument);
  context.r14 = context.r15 = context.rbx = context.rbp = 0;
  context.rip = reinterpret_cast<uint64_t>(&green_start_context);
  return sp;
}

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

#endif  // GREEN_CONTEXT_H_
