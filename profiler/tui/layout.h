// What the live screen of `top` shows, as lines of text: pure, no terminal.
//
//   ScreenModel model = MakeScreenModel(window, overall, state);
//   LayOut(model, {.columns = 80, .rows = 24})
//
// Laid out as py-spy's screen and driven by its keys, so that hands know it.
#ifndef HUBSPY_TUI_LAYOUT_H_
#define HUBSPY_TUI_LAYOUT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/profile.h"
#include "tui/hub_table.h"
#include "tui/line.h"
#include "tui/state.h"
#include "view/callers.h"
#include "view/flat.h"

namespace hubspy {

struct ScreenModel {
  int32_t pid = 0;
  std::string command;  // "redis-server --port 0"
  Quality overall;
  double active_percent = 0;  // running threads per look, in the window
  size_t threads = 0;
  std::vector<HubRow> hubs;
  std::vector<std::string> notes;  // what is not as it was asked for
  bool only_idle = false;      // everything in `overall` was left out as idle
  std::string filter_problem;  // why there is no filter; empty: there is one
  size_t filtered_out = 0;     // rows
  std::vector<FlatRow> rows;   // of the table
  // Of the function that the state has open; then there are no `rows`.
  std::optional<CallersAndCallees> function;
  ScreenState state;
};

// `window` is the time since the last screen, `overall` since the start; both
// named line by line or not, as `state.choice` says. Without hubs and
// notes.
ScreenModel MakeScreenModel(const Profile& window, const Profile& overall,
                            const ScreenState& state);

// The rows that one can move to, from top to bottom, seen or not.
std::vector<RowName> RowNames(const ScreenModel& model);
// How many of them are seen at once.
size_t PageRows(const ScreenModel& model, ScreenSize size);

// At most size.rows lines of at most size.columns columns. A row that is
// selected is among them, if there is room for any.
std::vector<ScreenLine> LayOut(const ScreenModel& model, ScreenSize size);

}  // namespace hubspy

#endif  // HUBSPY_TUI_LAYOUT_H_
