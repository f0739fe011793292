// Draws a fixed profile on the terminal and obeys keys, for screen_test.py.
//
//   screen_program FIFO            until q
//   screen_program FIFO --settled  only waits until all was drawn
//
// Writes a line to FIFO whenever the terminal has drawn everything sent to it:
// the terminal itself says so, by answering a request for the cursor's place.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "profiler/view/profiles.h"
#include "tui/layout.h"
#include "tui/screen.h"

namespace hubspy {
namespace {

void Write(int fd, absl::string_view text) {
  if (write(fd, text.data(), text.size()) < 0) _exit(3);
}

// Sends "device status report" (ECMA-48, 8.3.35) and reads the answer, which
// ends in R.
void WaitUntilDrawn(int fifo) {
  Write(STDOUT_FILENO, "\033[6n");
  char c = 0;
  while (c != 'R') {
    pollfd in{STDIN_FILENO, POLLIN, 0};
    if (poll(&in, 1, -1) == 1 && read(STDIN_FILENO, &c, 1) != 1) _exit(3);
  }
  Write(fifo, "drawn\n");
}

int Settle(int fifo) {
  termios before;
  tcgetattr(STDIN_FILENO, &before);
  termios raw = before;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  WaitUntilDrawn(fifo);
  tcsetattr(STDIN_FILENO, TCSANOW, &before);
  return 0;
}

int Run(int fifo) {
  auto screen = Screen::Open();
  if (!screen.ok()) {
    std::cerr << screen.status().message() << std::endl;
    return 1;
  }
  sigset_t resized, outside;
  sigemptyset(&resized);
  sigaddset(&resized, SIGWINCH);
  sigprocmask(SIG_BLOCK, &resized, &outside);

  Profile profile = HubProfile();
  profile.pid = 7;
  profile.command =
      "s\xC3\xA9"
      "ed";
  // A name that is as wide as two columns a character, and one that would
  // drive the terminal.
  profile.frames[4].function = "\xE5\x90\x8D\xE5\x89\x8D\033[2J";
  ScreenState state{.choice = {.include_idle = true}};
  for (;;) {
    const ScreenModel model = MakeScreenModel(profile, profile, state);
    (*screen)->Draw(LayOut(model, (*screen)->size()));
    WaitUntilDrawn(fifo);
    std::optional<Key> key;
    while (!(key = (*screen)->Poll())) {
      // Ends when the terminal's size changes, too: the signal for that comes
      // in here or never.
      pollfd in{STDIN_FILENO, POLLIN, 0};
      ppoll(&in, 1, nullptr, &outside);
    }
    // As a fault of ours would.
    if (key->text == "!") abort();
    Step step =
        After(*key, state, RowNames(model), PageRows(model, (*screen)->size()));
    if (step.action == Action::kQuit) return 0;
    state = std::move(step.state);
  }
}

}  // namespace
}  // namespace hubspy

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const int fifo = open(argv[1], O_WRONLY | O_CLOEXEC);
  if (fifo < 0) return 2;
  return argc == 2 ? hubspy::Run(fifo) : hubspy::Settle(fifo);
}
