// What the keys do, for who asks with '?'.
#ifndef HUBSPY_TUI_HELP_H_
#define HUBSPY_TUI_HELP_H_

#include <vector>

#include "tui/line.h"

namespace hubspy {

std::vector<ScreenLine> HelpLines(int columns);

}  // namespace hubspy

#endif  // HUBSPY_TUI_HELP_H_
