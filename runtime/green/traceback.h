// Who called whom, as addresses: taken cheaply now, given names when a person
// is to read them (code_names.h).
//
//   Traceback here = TraceHere(bounds);
//   Traceback there = TraceContext(saved_sp, bounds);   // a suspended one's
//
// Frames are found by LLVM libunwind from call frame information, so programs
// need no frame pointers. Nothing is allocated, and where the C library has
// _dl_find_object (glibc 2.35) no lock is taken: safe in a signal handler.
//
// The surprising part: a stack that was overwritten gives a short or senseless
// traceback, hardly ever a fault: frames must go up the stack and stay within
// the bounds, and a frame pointer that points elsewhere is not followed.
#ifndef GREEN_TRACEBACK_H_
#define GREEN_TRACEBACK_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace green::internal {

// [begin, end) is all there is of the stack that is walked. Both 0: unknown,
// then walking ends where the call frame information says so.
struct StackBounds {
  uint64_t begin = 0;
  uint64_t end = 0;
};

// The innermost kMaxFrames frames.
struct Traceback {
  static constexpr size_t kMaxFrames = 64;
  // Of those left out, this many are counted.
  static constexpr size_t kMaxCounted = 10'000;

  // Innermost first. Return addresses, but for the first one of an interrupted
  // thread.
  std::array<uint64_t, kMaxFrames> addresses;
  size_t count = 0;
  size_t left_out = 0;
  bool was_interrupted = false;

  // An address within the instruction that `i` is in, or is calling from.
  uint64_t Within(size_t i) const {
    return addresses[i] - (was_interrupted && i == 0 ? 0 : 1);
  }
};

// The caller's, from the frame that calls this.
[[gnu::noinline]] Traceback TraceHere(StackBounds bounds);

// Of a context that SwitchContext saved. It must stay suspended meanwhile.
Traceback TraceContext(uint64_t saved_sp, StackBounds bounds);

// Of the thread that a signal interrupted: `context` is the handler's third
// argument (ucontext_t).
Traceback TraceInterrupted(const void* context, StackBounds bounds);
uint64_t StackPointerOf(const void* context);

}  // namespace green::internal

#endif  // GREEN_TRACEBACK_H_
