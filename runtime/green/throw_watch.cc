#include "green/throw_watch.h"

#include <cstdint>
#include <cstring>
#include <new>

// Itanium C++ ABI, Exception Handling, 1.2 and 1.6.2, as far as it is needed
// here: the compilers' unwind.h differ in more than they agree on.
extern "C" {
enum : int { kSearchPhase = 1, kContinueUnwind = 8 };
struct _Unwind_Context;
struct _Unwind_Exception;
uintptr_t _Unwind_GetCFA(_Unwind_Context* context);

// The personality routine of green_watch_throws.
[[gnu::visibility("hidden"), gnu::used]] int green_watch_personality(
    int version, int actions, uint64_t exception_class,
    _Unwind_Exception* exception,
    _Unwind_Context* context) asm("green_watch_personality");
int green_watch_personality(int /*version*/, int actions,
                            uint64_t /*exception_class*/,
                            _Unwind_Exception* /*exception*/,
                            _Unwind_Context* context) {
  if ((actions & kSearchPhase) != 0) {
    // What unwinders call the CFA here is the stack pointer in this frame.
    green::internal::ThrowWatch* watch;
    std::memcpy(&watch,
                reinterpret_cast<const void*>(_Unwind_GetCFA(context) + 8),
                sizeof(watch));
    watch->OnThrow();
  }
  return kContinueUnwind;
}
}

namespace green::internal {

void ThrowWatch::OnThrow() noexcept {
  const Traceback traceback = TraceHere(bounds_);
  traceback_.reset(new (std::nothrow) Traceback(traceback));
}

}  // namespace green::internal
