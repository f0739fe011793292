#include "tui/state.h"

#include <algorithm>
#include <utility>

namespace hubspy {
namespace {

// Without its last character.
void EraseLast(std::string& utf8) {
  while (!utf8.empty()) {
    const auto byte = static_cast<unsigned char>(utf8.back());
    utf8.pop_back();
    if ((byte & 0xC0) != 0x80) break;
  }
}

// Where the selection goes from here.
void Move(Key::Kind to, ScreenState& state, const std::vector<RowName>& rows,
          size_t page) {
  if (rows.empty()) return;
  const size_t last = rows.size() - 1;
  const auto found = state.selected
                         ? std::find(rows.begin(), rows.end(), *state.selected)
                         : rows.end();
  size_t at = 0;  // the first key only shows where one is
  if (found != rows.end()) {
    at = static_cast<size_t>(found - rows.begin());
    page = std::max<size_t>(page, 1);
    if (to == Key::Kind::kUp) at -= std::min<size_t>(at, 1);
    if (to == Key::Kind::kDown) at = std::min(at + 1, last);
    if (to == Key::Kind::kPageUp) at -= std::min(at, page);
    if (to == Key::Kind::kPageDown) at = std::min(at + page, last);
  }
  if (to == Key::Kind::kHome) at = 0;
  if (to == Key::Kind::kEnd) at = last;
  state.selected = rows[at];
}

void Open(ScreenState& state, const std::vector<RowName>& rows) {
  if (rows.empty()) return;
  const RowName& row =
      state.selected &&
              std::find(rows.begin(), rows.end(), *state.selected) != rows.end()
          ? *state.selected
          : rows.front();
  if (row.part == Part::kFunction) return;  // it is open
  const std::string label = row.label;
  state.choice.functions.push_back(label);
  state.selected = RowName{Part::kFunction, label};
}

void Close(ScreenState& state) {
  const std::string label = std::move(state.choice.functions.back());
  state.choice.functions.pop_back();
  state.selected =
      state.choice.functions.empty()
          ? RowName{Part::kTable, label}
          : RowName{Part::kFunction, state.choice.functions.back()};
}

// Whatever was opened last.
void Leave(ScreenState& state) {
  if (state.help) {
    state.help = false;
  } else if (!state.choice.functions.empty()) {
    Close(state);
  } else if (!state.choice.filter.empty()) {
    state.choice.filter.clear();
  } else {
    state.selected.reset();
  }
}

void Type(const Key& key, ScreenState& state) {
  std::string& filter = state.choice.filter;
  switch (key.kind) {
    case Key::Kind::kText:
      filter += key.text;
      break;
    case Key::Kind::kBackspace:
      if (filter.empty()) state.typing = false;
      EraseLast(filter);
      break;
    case Key::Kind::kEscape:
      filter.clear();
      state.typing = false;
      break;
    default:
      state.typing = false;
  }
}

Action Do(char key, ScreenState& state) {
  ScreenState::Choice& choice = state.choice;
  switch (key) {
    case '1':
      choice.sort = FlatSort::kOwnPercent;
      break;
    case '2':
      choice.sort = FlatSort::kTotalPercent;
      break;
    case '3':
      choice.sort = FlatSort::kOwnTime;
      break;
    case '4':
      choice.sort = FlatSort::kTotalTime;
      break;
    case 'l':
    case 'L':
      // What rows are called changes: none is what it was.
      choice.by_line = !choice.by_line;
      choice.functions.clear();
      state.selected.reset();
      break;
    case 't':
    case 'T':
      choice.threads = !choice.threads;
      break;
    case 'g':
    case 'G':
      choice.green = !choice.green;
      break;
    case 'i':
    case 'I':
      choice.include_idle = !choice.include_idle;
      break;
    case 'r':
    case 'R':
      return Action::kReset;
    case ' ':
      state.paused = !state.paused;
      break;
    case '/':
      // It is the table's.
      choice.functions.clear();
      state.help = false;
      state.typing = true;
      break;
    case '?':
      state.help = !state.help;
      break;
    case 'x':
    case 'X':
      state.help = false;
      break;
    case 'q':
    case 'Q':
      return Action::kQuit;
    default:
      break;
  }
  return Action::kNone;
}

}  // namespace

Step After(const Key& key, ScreenState state, const std::vector<RowName>& rows,
           size_t page) {
  Step step{.state = std::move(state)};
  const bool is_typed = step.state.typing;
  switch (key.kind) {
    case Key::Kind::kResize:
      break;
    case Key::Kind::kUp:
    case Key::Kind::kDown:
    case Key::Kind::kPageUp:
    case Key::Kind::kPageDown:
    case Key::Kind::kHome:
    case Key::Kind::kEnd:
      Move(key.kind, step.state, rows, page);
      break;
    case Key::Kind::kText:
      if (is_typed) {
        Type(key, step.state);
      } else if (key.text.size() == 1) {
        step.action = Do(key.text[0], step.state);
      }
      break;
    case Key::Kind::kEnter:
      is_typed ? Type(key, step.state) : Open(step.state, rows);
      break;
    case Key::Kind::kEscape:
      is_typed ? Type(key, step.state) : Leave(step.state);
      break;
    case Key::Kind::kBackspace:
      if (is_typed) {
        Type(key, step.state);
      } else if (!step.state.choice.functions.empty()) {
        Close(step.state);
      }
      break;
  }
  return step;
}

}  // namespace hubspy
