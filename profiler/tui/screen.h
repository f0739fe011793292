// The terminal that `top` draws on.
//
//   auto screen = Screen::Open();
//   for (;;) {
//     (*screen)->Draw(model);
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
// caller may return EINTR for them.
#ifndef HUBSPY_TUI_SCREEN_H_
#define HUBSPY_TUI_SCREEN_H_

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "tui/layout.h"

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

  // Fits the model to the terminal's size of now.
  void Draw(const ScreenModel& model);

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
