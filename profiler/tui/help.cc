#include "tui/help.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace hubspy {

std::vector<ScreenLine> HelpLines(int columns) {
  struct Help {
    absl::string_view key;
    absl::string_view action;
  };
  constexpr Help kHelp[] = {
      {"1", "Sort by %Own (of the looks since the last screen, in this place)"},
      {"2", "Sort by %Total (the same, in this place or called from it)"},
      {"3", "Sort by OwnTime (time in this place since the start)"},
      {"4", "Sort by TotalTime (in this place or called from it)"},
      {"l", "Tell lines apart, or sum them up by function"},
      {"i", "Threads that sleep, too, or only those that run"},
      {"t", "A row for each thread, too, or not"},
      {"g", "Green threads that do not run, too, or not: begins anew"},
      {"/", "Only functions in which a regular expression is found"},
      {"Arrows", "Choose a row (PgUp, PgDn, Home, End, too)"},
      {"Enter", "Who calls it, and what it calls; and so on from there"},
      {"Esc", "Back from there; the filter, the chosen row: away"},
      {"Space", "Let the screen stand still while sampling goes on"},
      {"r", "Forget everything seen so far"},
      {"?", "This help, or back"},
      {"q", "Quit; the process goes on"},
  };
  const std::string title = " Keyboard Shortcuts ";
  const int left = columns - static_cast<int>(title.size());
  std::vector<ScreenLine> lines = {
      {{title + std::string(static_cast<size_t>(std::max(left, 0)), ' '),
        Style::kHeader}}};
  for (const auto& [key, action] : kHelp) {
    lines.push_back({{absl::StrFormat("  %-6s  ", key), Style::kBold},
                     {std::string(action)}});
  }
  return lines;
}

}  // namespace hubspy
