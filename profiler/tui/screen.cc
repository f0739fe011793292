#include "tui/screen.h"

#include <ncurses.h>
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace hubspy {
namespace {

// After a lone Escape ncurses waits for the rest of a function key: that long,
// in milliseconds, instead of its default of a second.
constexpr int kEscapeDelayMs = 25;

enum Pair : short { kGreen = 1, kRed = 2 };

attr_t AttributesOf(Style style) {
  switch (style) {
    case Style::kPlain:
      return A_NORMAL;
    case Style::kBold:
      return A_BOLD;
    case Style::kHeader:
      return A_REVERSE;
    case Style::kSortedHeader:
      return A_REVERSE | A_BOLD | A_UNDERLINE;
    case Style::kName:
      return COLOR_PAIR(kGreen);
    case Style::kWarning:
      return COLOR_PAIR(kRed) | A_BOLD;
  }
  return A_NORMAL;
}

std::optional<Key> KeyOf(int c) {
  switch (c) {
    case '1':
      return Key::kSortOwnPercent;
    case '2':
      return Key::kSortTotalPercent;
    case '3':
      return Key::kSortOwnTime;
    case '4':
      return Key::kSortTotalTime;
    case 'l':
    case 'L':
      return Key::kToggleLines;
    case 'r':
    case 'R':
      return Key::kReset;
    case '?':
      return Key::kHelp;
    case 'x':
    case 'X':
      return Key::kLeaveHelp;
    case 'q':
    case 'Q':
      return Key::kQuit;
    case KEY_RESIZE:
      return Key::kResize;
    default:
      return std::nullopt;
  }
}

}  // namespace

// ncurses' own state of one terminal, put back when it ends.
class Screen::Terminal {
 public:
  explicit Terminal(SCREEN* screen) : screen_(screen) {
    set_escdelay(kEscapeDelayMs);
    cbreak();
    noecho();
    curs_set(0);
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    if (has_colors()) {
      start_color();
      use_default_colors();
      init_pair(kGreen, COLOR_GREEN, -1);
      init_pair(kRed, COLOR_RED, -1);
    }
  }
  ~Terminal() {
    endwin();
    delscreen(screen_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

 private:
  SCREEN* screen_;
};

absl::StatusOr<std::unique_ptr<Screen>> Screen::Open() {
  if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0) {
    return absl::FailedPreconditionError(
        "the live screen needs a terminal; use -n to print tables instead");
  }
  std::setlocale(LC_CTYPE, "");
  // newterm, not initscr: that one ends the process when it fails.
  SCREEN* screen = newterm(nullptr, stdout, stdin);
  if (screen == nullptr) {
    return absl::FailedPreconditionError(
        "the kind of terminal that TERM names is not known; set TERM, or use "
        "-n to print tables instead");
  }
  return std::unique_ptr<Screen>(
      new Screen(std::make_unique<Terminal>(screen)));
}

Screen::Screen(std::unique_ptr<Terminal> terminal)
    : terminal_(std::move(terminal)) {}

Screen::~Screen() = default;

void Screen::Draw(const ScreenModel& model) {
  erase();
  int row = 0;
  for (const ScreenLine& line :
       LayOut(model, {.columns = COLS, .rows = LINES})) {
    move(row++, 0);
    for (const Span& span : line) {
      attrset(AttributesOf(span.style));
      addnstr(span.text.data(), static_cast<int>(span.text.size()));
    }
  }
  attrset(A_NORMAL);
  refresh();
}

std::optional<Key> Screen::Poll() {
  for (int c; (c = getch()) != ERR;) {
    if (const std::optional<Key> key = KeyOf(c)) return key;
  }
  return std::nullopt;
}

}  // namespace hubspy
