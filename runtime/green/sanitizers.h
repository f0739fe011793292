// What the sanitizers must be told about stacks that are not threads' stacks.
//
// Everything here is empty in a build without them. Only the library's own
// sources include this: the layout of what a program sees does not depend on
// how that program was compiled.
#ifndef GREEN_SANITIZERS_H_
#define GREEN_SANITIZERS_H_

#include <cstddef>
#include <cstdint>

#if defined(__SANITIZE_ADDRESS__)
#define GREEN_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GREEN_ASAN 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define GREEN_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define GREEN_TSAN 1
#endif
#endif

#if defined(GREEN_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif
#if defined(GREEN_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

namespace green::internal {

inline void UnpoisonMemory([[maybe_unused]] const void* begin,
                           [[maybe_unused]] size_t size) {
#if defined(GREEN_ASAN)
  ASAN_UNPOISON_MEMORY_REGION(begin, size);
#endif
}

// Shadow bookkeeping of one stack that is switched to and from.
//
// Leak detection looks at no stack but the one that its thread is on, so each
// is declared as a place where live pointers may be.
class SanitizedStack {
 public:
  SanitizedStack() = default;
  SanitizedStack(const SanitizedStack&) = delete;
  SanitizedStack& operator=(const SanitizedStack&) = delete;
#if defined(GREEN_ASAN)
  ~SanitizedStack() { ForgetRoot(); }
#else
  ~SanitizedStack() = default;
#endif

  // The stack that the calling thread is on.
  void AdoptThread() {
#if defined(GREEN_TSAN)
    tsan_fiber_ = __tsan_get_current_fiber();
#endif
  }

  void Create([[maybe_unused]] uint64_t begin, [[maybe_unused]] uint64_t end) {
#if defined(GREEN_ASAN)
    bottom_ = reinterpret_cast<const void*>(begin);
    size_ = end - begin;
    fake_stack_ = nullptr;
    __lsan_register_root_region(bottom_, size_);
#endif
#if defined(GREEN_TSAN)
    tsan_fiber_ = __tsan_create_fiber(0);
#endif
  }

  // After the last switch away from it.
  void Destroy() {
#if defined(GREEN_ASAN)
    ForgetRoot();
#endif
#if defined(GREEN_TSAN)
    __tsan_destroy_fiber(tsan_fiber_);
    tsan_fiber_ = nullptr;
#endif
  }

  // Right before switching from this stack to `to`. Part of its caller, whose
  // end is on this stack again: TSan keeps an account of the calls on each.
  [[gnu::always_inline]] void BeginSwitch([[maybe_unused]] SanitizedStack& to) {
#if defined(GREEN_ASAN)
    __sanitizer_start_switch_fiber(&fake_stack_, to.bottom_, to.size_);
#endif
#if defined(GREEN_TSAN)
    __tsan_switch_to_fiber(to.tsan_fiber_, 0);
#endif
  }

  // The same, when this stack is never switched to again.
  [[gnu::always_inline]] void BeginLastSwitch(
      [[maybe_unused]] SanitizedStack& to) {
#if defined(GREEN_ASAN)
    __sanitizer_start_switch_fiber(nullptr, to.bottom_, to.size_);
#endif
#if defined(GREEN_TSAN)
    __tsan_switch_to_fiber(to.tsan_fiber_, 0);
#endif
  }

  // First thing on this stack after a switch. `from` learns its bounds, which
  // for a thread's own stack are not known otherwise.
  void EndSwitch([[maybe_unused]] SanitizedStack& from) {
#if defined(GREEN_ASAN)
    const bool was_known = from.size_ != 0;
    __sanitizer_finish_switch_fiber(fake_stack_, &from.bottom_, &from.size_);
    if (!was_known) __lsan_register_root_region(from.bottom_, from.size_);
#endif
  }

 private:
#if defined(GREEN_ASAN)
  void ForgetRoot() {
    if (size_ != 0) __lsan_unregister_root_region(bottom_, size_);
    size_ = 0;
  }

  void* fake_stack_ = nullptr;
  const void* bottom_ = nullptr;
  size_t size_ = 0;
#endif
#if defined(GREEN_TSAN)
  void* tsan_fiber_ = nullptr;
#endif
};

}  // namespace green::internal

#endif  // GREEN_SANITIZERS_H_
