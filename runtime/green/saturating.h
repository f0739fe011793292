// Arithmetic on times that stops at the ends of what can be told.
#ifndef GREEN_SATURATING_H_
#define GREEN_SATURATING_H_

#include <cstdint>

namespace green::internal {

inline int64_t SaturatingAdd(int64_t a, int64_t b) {
  int64_t sum;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a < 0 ? INT64_MIN : INT64_MAX;
}

inline int64_t SaturatingSubtract(int64_t a, int64_t b) {
  int64_t difference;
  if (!__builtin_sub_overflow(a, b, &difference)) return difference;
  return a < 0 ? INT64_MIN : INT64_MAX;
}

}  // namespace green::internal

#endif  // GREEN_SATURATING_H_
