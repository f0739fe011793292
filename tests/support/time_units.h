// Time as tests write it.
#ifndef HUBSPY_TESTS_SUPPORT_TIME_UNITS_H_
#define HUBSPY_TESTS_SUPPORT_TIME_UNITS_H_

#include <cstdint>

namespace hubspy {

inline constexpr int64_t kMs = 1'000'000;
inline constexpr int64_t kSecond = 1000 * kMs;

}  // namespace hubspy

#endif  // HUBSPY_TESTS_SUPPORT_TIME_UNITS_H_
