// The registers of code that a signal interrupted, as the kernel saved them for
// its handler.
//
//   void Handler(int, siginfo_t*, void* context) {
//     const uint64_t pc = ReadInterrupted(context).pc;
//   }
//
// One source file for each system and machine; all of it may be called by a
// signal handler.
#ifndef GREEN_INTERRUPTED_H_
#define GREEN_INTERRUPTED_H_

#include <cstdint>

namespace green::internal {

struct InterruptedRegisters {
  struct Register {
    uint16_t number;  // DWARF's
    uint64_t value;
  };
  static constexpr int kMaxOthers = 32;

  uint64_t pc = 0;
  uint64_t sp = 0;
  Register others[kMaxOthers];
  int count = 0;  // of `others`
};

// `context` is a ucontext_t.
InterruptedRegisters ReadInterrupted(const void* context);

}  // namespace green::internal

#endif  // GREEN_INTERRUPTED_H_
