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

#include <cstdint>

#if defined(__x86_64__)
#include "green/context_x86_64.h"
#elif defined(__aarch64__)
#include "green/context_aarch64.h"
#else
#error "green: no context switch for this machine yet"
#endif

// In the assembly, names are the same in all object formats: Mach-O's
// underscore is left out.
extern "C" void green_start_context() asm("green_start_context");

namespace green::internal {

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
  reinterpret_cast<SavedContext*>(sp)->Begin(
      reinterpret_cast<uint64_t>(&green_start_context), function, argument);
  return sp;
}

}  // namespace green::internal

#endif  // GREEN_CONTEXT_H_
