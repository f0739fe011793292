// Lines of a screen: text, and how it is to look. Pure, no terminal.
#ifndef HUBSPY_TUI_LINE_H_
#define HUBSPY_TUI_LINE_H_

#include <string>
#include <vector>

namespace hubspy {

enum class Style {
  kPlain,
  kBold,
  kHeader,
  kSortedHeader,
  kSelected,
  kGood,
  kWarning,
};

struct Span {
  std::string text;  // clean (view/text.h)
  Style style = Style::kPlain;
};

using ScreenLine = std::vector<Span>;

struct ScreenSize {
  int columns = 0;
  int rows = 0;
};

}  // namespace hubspy

#endif  // HUBSPY_TUI_LINE_H_
