// Runs code that may read memory that is not there, and survives it.
//
//   bool done = RunGuarded([&] { copied = ReadWild(); });
//
// False: it touched unmapped memory (SIGSEGV), a file that somebody truncated
// (SIGBUS), or called AbandonGuarded(), and was abandoned there.
//
// The surprising part: the body is left by a jump. It must own nothing: no
// destructor runs, no lock is released. What it writes to must live outside.
// Handlers for both signals are installed at the first use, for good; a fault
// outside any guarded body goes to whoever handled it before.
#ifndef HUBSPY_UNWIND_FAULT_GUARD_H_
#define HUBSPY_UNWIND_FAULT_GUARD_H_

#include <memory>
#include <type_traits>

namespace hubspy {

bool RunGuardedFunction(void (*body)(void*), void* context);

template <typename Body>
bool RunGuarded(Body&& body) {
  using Plain = std::remove_reference_t<Body>;
  static_assert(std::is_trivially_destructible_v<Plain>);
  return RunGuardedFunction(
      [](void* context) { (*static_cast<Plain*>(context))(); },
      const_cast<std::remove_const_t<Plain>*>(std::addressof(body)));
}

// From inside a guarded body: as if it had faulted here. Outside of one, the
// process aborts.
[[noreturn]] void AbandonGuarded();

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_FAULT_GUARD_H_
