// An unwinder of this process, and this thread's stack for it.
#ifndef HUBSPY_TESTS_PROFILER_UNWIND_UNWINDER_FIXTURE_H_
#define HUBSPY_TESTS_PROFILER_UNWIND_UNWINDER_FIXTURE_H_

#include <gtest/gtest.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdint>
#include <vector>

#include "profiler/unwind/live_capture.h"
#include "unwind/unwinder.h"

namespace hubspy {

struct Captured {
  Registers registers;
  MemoryCopy stack;
  std::vector<uint64_t> callers;  // by libgcc
};

// This function's caller's frames, and its own as it is right here.
__attribute__((noinline)) inline Captured CaptureHere(
    size_t max_bytes = 1 << 20) {
  Captured captured;
  ucontext_t context;
  getcontext(&context);
  captured.registers = RegistersOf(context);
  captured.stack = CopyStack(getpid(), captured.registers.sp(), max_bytes);
  captured.callers = BacktraceFrom(__builtin_return_address(0));
  return captured;
}

inline std::vector<uint64_t> CallersIn(const Stack& stack) {
  std::vector<uint64_t> addresses;
  for (const CodeAddress frame : stack.frames) {
    addresses.push_back(frame.address().value());
  }
  if (!addresses.empty()) addresses.erase(addresses.begin());
  return addresses;
}

class UnwinderTest : public testing::Test {
 protected:
  ModuleMap modules_ = ReadModules(getpid());
  Unwinder unwinder_{modules_};
};

// By OnSignal, in a handler.
inline Captured from_signal;
inline void OnSignal(int) { from_signal = CaptureHere(); }

}  // namespace hubspy

#endif  // HUBSPY_TESTS_PROFILER_UNWIND_UNWINDER_FIXTURE_H_
