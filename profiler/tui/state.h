// What the person at the keys of the live screen has chosen, and what a key
// does to that: pure, no terminal.
//
//   Step step = After(key, state, rows, page);
#ifndef HUBSPY_TUI_STATE_H_
#define HUBSPY_TUI_STATE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "view/flat.h"

namespace hubspy {

struct Key {
  enum class Kind {
    kText,  // `text` was typed
    kEnter,
    kEscape,
    kBackspace,
    kUp,
    kDown,
    kPageUp,
    kPageDown,
    kHome,
    kEnd,
    kResize,  // no key: the terminal has another size now
  };
  Kind kind = Kind::kText;
  std::string text = {};  // one character, in UTF-8
};

// What a row is in: the table, or one of the two parts of a panel that shows
// who calls a function and what it calls.
enum class Part { kTable, kCallers, kFunction, kCallees };

struct RowName {
  Part part = Part::kTable;
  std::string label;
  friend bool operator==(const RowName&, const RowName&) = default;
};

struct ScreenState {
  // What rows there are, and in which order.
  struct Choice {
    FlatSort sort = FlatSort::kOwnTime;
    bool by_line = true;  // false: one row for all lines of a function
    bool include_idle = false;
    bool threads = false;  // a row for each thread, too
    bool green = false;    // green threads that do not run, too
    std::string filter;    // as typed; empty: none
    // The function whose callers and callees are shown, and those from which
    // one came to it, last; empty: the table of all.
    std::vector<std::string> functions;
    friend bool operator==(const Choice&, const Choice&) = default;
  };
  Choice choice;
  // A row that was moved to; it keeps being it wherever it is sorted to.
  // nullopt, or one that is not there: none.
  std::optional<RowName> selected;
  bool typing = false;  // the filter
  bool help = false;
  bool paused = false;  // what is shown stands still
};

enum class Action {
  kNone,
  kReset,  // forget what was seen so far
  kQuit,
};

struct Step {
  ScreenState state;
  Action action = Action::kNone;
};

// `rows`: those that are shown, from top to bottom, seen or not. `page`: how
// many of them are seen at once.
Step After(const Key& key, ScreenState state, const std::vector<RowName>& rows,
           size_t page);

}  // namespace hubspy

#endif  // HUBSPY_TUI_STATE_H_
