#ifndef HUBSPY_TESTS_PROFILER_TUI_SCREEN_TEXT_H_
#define HUBSPY_TESTS_PROFILER_TUI_SCREEN_TEXT_H_

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tui/line.h"

namespace hubspy {

// The lines without their styles.
inline std::vector<std::string> Text(const std::vector<ScreenLine>& lines) {
  std::vector<std::string> text;
  for (const ScreenLine& line : lines) {
    text.emplace_back();
    for (const Span& span : line) absl::StrAppend(&text.back(), span.text);
  }
  return text;
}

}  // namespace hubspy

#endif  // HUBSPY_TESTS_PROFILER_TUI_SCREEN_TEXT_H_
