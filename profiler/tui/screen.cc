#include "tui/screen.h"

#include <langinfo.h>
#include <ncurses.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <climits>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "view/text.h"

namespace hubspy {
namespace {

// After a lone Escape ncurses waits for the rest of a function key: that long,
// in milliseconds, instead of its default of a second.
constexpr int kEscapeDelayMs = 25;

enum Pair : short { kGreen = 1, kRed = 2 };

// https://no-color.org: set, and not empty.
bool NoColor() {
  const char* const value = std::getenv("NO_COLOR");
  return value != nullptr && *value != '\0';
}

// Signals that end us without a word to anybody: a fault of ours, abort(),
// Ctrl-\.
constexpr int kFatalSignals[] = {SIGABRT, SIGSEGV, SIGBUS,
                                 SIGILL,  SIGFPE,  SIGQUIT};

attr_t AttributesOf(Style style) {
  const auto in = [](Pair pair) -> attr_t {
    return has_colors() && !NoColor() ? COLOR_PAIR(pair) : A_NORMAL;
  };
  switch (style) {
    case Style::kPlain:
      return A_NORMAL;
    case Style::kBold:
      return A_BOLD;
    case Style::kHeader:
    case Style::kSelected:
      return A_REVERSE;
    case Style::kSortedHeader:
      return A_REVERSE | A_BOLD | A_UNDERLINE;
    case Style::kGood:
      return in(kGreen);
    case Style::kWarning:
      return in(kRed) | A_BOLD;
  }
  return A_NORMAL;
}

std::optional<Key> KeyOf(wint_t c, bool is_function_key) {
  if (is_function_key) {
    switch (c) {
      case KEY_ENTER:
        return Key{Key::Kind::kEnter};
      case KEY_BACKSPACE:
        return Key{Key::Kind::kBackspace};
      case KEY_UP:
        return Key{Key::Kind::kUp};
      case KEY_DOWN:
        return Key{Key::Kind::kDown};
      case KEY_PPAGE:
        return Key{Key::Kind::kPageUp};
      case KEY_NPAGE:
        return Key{Key::Kind::kPageDown};
      case KEY_HOME:
        return Key{Key::Kind::kHome};
      case KEY_END:
        return Key{Key::Kind::kEnd};
      case KEY_RESIZE:
        return Key{Key::Kind::kResize};
      default:
        return std::nullopt;
    }
  }
  switch (c) {
    case L'\n':
    case L'\r':
      return Key{Key::Kind::kEnter};
    case 0x1B:
      return Key{Key::Kind::kEscape};
    case 0x08:
    case 0x7F:
      return Key{Key::Kind::kBackspace};
    default:
      break;
  }
  if (c < 0x20) return std::nullopt;
  char bytes[MB_LEN_MAX];
  std::mbstate_t state = {};
  const size_t length = std::wcrtomb(bytes, static_cast<wchar_t>(c), &state);
  if (length == static_cast<size_t>(-1)) return std::nullopt;
  return Key{Key::Kind::kText, std::string(bytes, length)};
}

// Gives the terminal back when a fatal signal comes: only with what may be
// called in a handler, which ncurses may not.
class Rescue {
 public:
  static void Install(const termios& before) {
    before_ = before;
    text_.clear();
    for (const char* const capability : {"sgr0", "rmkx", "cnorm", "rmcup"}) {
      const char* const bytes = tigetstr(const_cast<char*>(capability));
      const bool is_there =
          bytes != nullptr && bytes != reinterpret_cast<const char*>(-1);
      if (is_there) text_ += bytes;
    }
    for (const int signal : kFatalSignals) Replace(signal, SIG_DFL, OnSignal);
  }
  static void Remove() {
    for (const int signal : kFatalSignals) Replace(signal, OnSignal, SIG_DFL);
  }

 private:
  using Handler = void (*)(int);

  // Who handles it otherwise (the unwinder does, of faults) goes on doing so.
  static void Replace(int signal, Handler from, Handler to) {
    struct sigaction now = {};
    sigaction(signal, nullptr, &now);
    if ((now.sa_flags & SA_SIGINFO) != 0 || now.sa_handler != from) return;
    now.sa_handler = to;
    sigaction(signal, &now, nullptr);
  }

  static void OnSignal(int signal) {
    [[maybe_unused]] const ssize_t written =
        write(STDOUT_FILENO, text_.data(), text_.size());
    tcsetattr(STDIN_FILENO, TCSANOW, &before_);
    ::signal(signal, SIG_DFL);
    raise(signal);
  }

  static inline termios before_;
  static inline std::string& text_ = *new std::string;
};

// As what the terminal can show: in another encoding than UTF-8, question marks
// for what is not ASCII, as wide as it would be.
std::string Shown(absl::string_view text, bool utf8) {
  if (utf8) return std::string(text);
  std::string ascii;
  for (size_t at = 0; at < text.size();) {
    size_t end = at + 1;
    while (end < text.size() &&
           (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
      ++end;
    }
    if (end == at + 1) {
      ascii += text[at];
    } else {
      ascii.append(DisplayWidth(text.substr(at, end - at)), '?');
    }
    at = end;
  }
  return ascii;
}

}  // namespace

// ncurses' own state of one terminal, put back when it ends.
class Screen::Terminal {
 public:
  Terminal(SCREEN* screen, const termios& before) : screen_(screen) {
    set_escdelay(kEscapeDelayMs);
    cbreak();
    noecho();
    curs_set(0);
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    if (has_colors() && !NoColor()) {
      start_color();
      use_default_colors();
      init_pair(kGreen, COLOR_GREEN, -1);
      init_pair(kRed, COLOR_RED, -1);
    }
    Rescue::Install(before);
  }
  ~Terminal() {
    Rescue::Remove();
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
  termios before;
  tcgetattr(STDIN_FILENO, &before);
  // newterm, not initscr: that one ends the process when it fails.
  SCREEN* screen = newterm(nullptr, stdout, stdin);
  if (screen == nullptr) {
    return absl::FailedPreconditionError(
        "the kind of terminal that TERM names is not known; set TERM, or use "
        "-n to print tables instead");
  }
  return std::unique_ptr<Screen>(
      new Screen(std::make_unique<Terminal>(screen, before)));
}

Screen::Screen(std::unique_ptr<Terminal> terminal)
    : terminal_(std::move(terminal)) {}

Screen::~Screen() = default;

ScreenSize Screen::size() const { return {.columns = COLS, .rows = LINES}; }

void Screen::Draw(const std::vector<ScreenLine>& lines) {
  const bool utf8 = absl::string_view(nl_langinfo(CODESET)) == "UTF-8";
  erase();
  int row = 0;
  for (const ScreenLine& line : lines) {
    move(row++, 0);
    // Of the line above, if the terminal draws a character wider than we think.
    clrtoeol();
    for (const Span& span : line) {
      attrset(AttributesOf(span.style));
      const std::string text = Shown(span.text, utf8);
      addnstr(text.data(), static_cast<int>(text.size()));
    }
  }
  attrset(A_NORMAL);
  refresh();
}

std::optional<Key> Screen::Poll() {
  wint_t c = 0;
  for (int kind; (kind = get_wch(&c)) != ERR;) {
    if (const std::optional<Key> key = KeyOf(c, kind == KEY_CODE_YES)) {
      return key;
    }
  }
  return std::nullopt;
}

}  // namespace hubspy
