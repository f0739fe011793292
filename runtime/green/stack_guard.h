// Says which green thread it was that overflowed its stack, before the program
// dies of it.
//
//   green: green thread 12 (parser) overflowed its stack of 65536 bytes;
//   HubOptions::stack_size says how large stacks are. It was in:
//       #0  Parse(Node const&) (server+0x4a31), 812 times
//
// A handler for SIGSEGV (on macOS SIGBUS, too) recognises the guard below the
// running green thread's stack. Then the fault takes its course: with the
// default action, the program dies of that signal and leaves a core where it
// would have. Faults that are none of that go to whoever handled them before.
//
// The surprising part: it sees only what hits the guard, which is one page. A
// function with larger local variables can step over it, unless it is compiled
// with -fstack-clash-protection. Under ThreadSanitizer, which keeps SIGSEGV to
// itself, there is no such handler.
#ifndef GREEN_STACK_GUARD_H_
#define GREEN_STACK_GUARD_H_

#include <cstddef>

namespace green::internal {

struct HubRecord;

// For the life of a hub: the calling thread's faults are looked at, on a stack
// of their own, unless the thread has an alternate signal stack already. To be
// destroyed by the same thread.
class StackGuard {
 public:
  explicit StackGuard(const HubRecord& hub);
  ~StackGuard();
  StackGuard(const StackGuard&) = delete;
  StackGuard& operator=(const StackGuard&) = delete;

 private:
  void* alternate_ = nullptr;  // what it is mapped at
  size_t alternate_size_ = 0;
};

}  // namespace green::internal

#endif  // GREEN_STACK_GUARD_H_
