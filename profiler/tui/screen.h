// The terminal that `top` draws on.
//
//   auto screen = Screen::Open();
//   for (;;) {
//     (*screen)->Draw(LayOut(model, (*screen)->size()));
//     SampleForAWhile();
//     while (std::optional<Key> key = (*screen)->Poll()) Handle(*key);
//   }
//
// The terminal is as it was before once the Screen is destroyed. One at a time.
//
// The surprising part: signals. Open() leaves SIGINT and SIGTERM alone where
// somebody handles them; where nobody does, ncurses now does, restores the
// terminal and ends the process with status 1. So install handlers before
// Open(). SIGWINCH and Ctrl-Z are ncurses' in any case; a system call of the
// caller may return EINTR for them. A signal that ends a process at once (a
// fault, abort, Ctrl-\) restores the terminal first.
#ifndef HUBSPY_TUI_SCREEN_H_
#define HUBSPY_TUI_SCREEN_H_

#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "tui/line.h"
#include "tui/state.h"

namespace hubspy {

class Screen {
 public:
  // Standard input and output; FailedPrecondition where they are no terminal,
  // or one of an unknown kind. Sets LC_CTYPE from the environment, or names
  // beyond ASCII could not be drawn.
  static absl::StatusOr<std::unique_ptr<Screen>> Open();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  // The terminal's, now.
  ScreenSize size() const;

  // What is wider, or longer, than that is not seen.
  void Draw(const std::vector<ScreenLine>& lines);

  // The next key that means something; nullopt when none is waiting. Never
  // blocks.
  std::optional<Key> Poll();

 private:
  class Terminal;

  explicit Screen(std::unique_ptr<Terminal> terminal);

  std::unique_ptr<Terminal> terminal_;
};

}  // namespace hubspy

#endif  // HUBSPY_TUI_SCREEN_H_
