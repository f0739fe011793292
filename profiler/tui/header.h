// The lines above the table: what is looked at, how good the data is, what the
// hubs do, and what was chosen.
#ifndef HUBSPY_TUI_HEADER_H_
#define HUBSPY_TUI_HEADER_H_

#include <cstddef>
#include <vector>

#include "tui/layout.h"
#include "tui/line.h"

namespace hubspy {

// With at most `hub_lines` lines of hubs.
std::vector<ScreenLine> Header(const ScreenModel& model, int columns,
                               size_t hub_lines);

}  // namespace hubspy

#endif  // HUBSPY_TUI_HEADER_H_
