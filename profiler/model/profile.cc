#include "model/profile.h"

#include "absl/strings/str_cat.h"
#include "model/numbers.h"

namespace hubspy {

SymbolFrame LeftOutMarker(int64_t count) {
  return {
      .function = absl::StrCat("[", WithCommas(count),
                               count == 1 ? " frame" : " frames", " left out]"),
      .marker = true,
      .left_out = count};
}

SymbolFrame LeftOutMarker() {
  return {.function = "[frames left out]", .marker = true};
}

}  // namespace hubspy
