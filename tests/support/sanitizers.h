// Which sanitizer a test was built with, for what one cannot be tested under.
#ifndef HUBSPY_TESTS_SUPPORT_SANITIZERS_H_
#define HUBSPY_TESTS_SUPPORT_SANITIZERS_H_

namespace hubspy {

// TSan runs signal handlers when it likes, not when the kernel does.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool kThreadSanitizer = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr bool kThreadSanitizer = true;
#else
inline constexpr bool kThreadSanitizer = false;
#endif
#else
inline constexpr bool kThreadSanitizer = false;
#endif

// ASan makes many times as slow what is done often, and aligns frames in ways
// that hide where they begin.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kAddressSanitizer = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool kAddressSanitizer = true;
#else
inline constexpr bool kAddressSanitizer = false;
#endif
#else
inline constexpr bool kAddressSanitizer = false;
#endif

}  // namespace hubspy

#endif  // HUBSPY_TESTS_SUPPORT_SANITIZERS_H_
