// How numbers are written for people.
#ifndef HUBSPY_MODEL_NUMBERS_H_
#define HUBSPY_MODEL_NUMBERS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"

namespace hubspy {

// "99,300"; `n` is not negative.
inline std::string WithCommas(int64_t n) {
  std::string text = absl::StrCat(n);
  for (int i = static_cast<int>(text.size()) - 3; i > 0; i -= 3) {
    text.insert(static_cast<size_t>(i), 1, ',');
  }
  return text;
}

}  // namespace hubspy

#endif  // HUBSPY_MODEL_NUMBERS_H_
