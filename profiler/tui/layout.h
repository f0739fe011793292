// What the live screen of `top` shows, as lines of text: pure, no terminal.
//
//   ScreenState state;
//   LayOut(MakeScreenModel(window, overall, state), {.columns = 80, .rows =
//   24}) state = After(Key::kToggleLines, state);
//
// Laid out as py-spy's screen and driven by its keys, so that hands know it.
#ifndef HUBSPY_TUI_LAYOUT_H_
#define HUBSPY_TUI_LAYOUT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "model/profile.h"
#include "view/flat.h"

namespace hubspy {

// kReset and kQuit are for whoever samples: After() leaves the state as it is.
enum class Key {
  kSortOwnPercent,    // 1
  kSortTotalPercent,  // 2
  kSortOwnTime,       // 3
  kSortTotalTime,     // 4
  kToggleLines,       // l
  kReset,             // r: forget what was seen so far
  kHelp,              // ?
  kLeaveHelp,         // x
  kQuit,              // q
  kResize,            // none: the terminal has another size now
};

// What the person at the keys has chosen.
struct ScreenState {
  FlatSort sort = FlatSort::kOwnTime;
  bool by_line = true;  // false: one row for all lines of a function
  bool help = false;
  bool include_idle = false;
};

ScreenState After(Key key, ScreenState state);

struct ScreenModel {
  std::string process;  // "redis-server --port 0 (pid 7)"
  Quality overall;
  double active_percent = 0;  // running threads per look, in the window
  size_t threads = 0;
  std::string rate_note;   // why the rate is not as asked; empty: it is
  bool only_idle = false;  // everything in `overall` was left out as idle
  std::vector<FlatRow> rows;
  ScreenState state;
};

// `window` is the time since the last screen, `overall` since the start; both
// named line by line or not, as `state.by_line` says.
ScreenModel MakeScreenModel(const Profile& window, const Profile& overall,
                            const ScreenState& state);

enum class Style { kPlain, kBold, kHeader, kSortedHeader, kName, kWarning };

struct Span {
  std::string text;
  Style style = Style::kPlain;
};

using ScreenLine = std::vector<Span>;

struct ScreenSize {
  int columns = 0;
  int rows = 0;
};

// At most size.rows lines of at most size.columns columns.
std::vector<ScreenLine> LayOut(const ScreenModel& model, ScreenSize size);

}  // namespace hubspy

#endif  // HUBSPY_TUI_LAYOUT_H_
