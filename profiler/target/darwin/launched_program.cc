#include "target/launched_program.h"

#include <crt_externs.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace hubspy {
namespace {

class FileActions {
 public:
  FileActions() { posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;

  void LeaveTerminal() {
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
      if (!isatty(fd)) continue;
      posix_spawn_file_actions_addopen(&actions_, fd, "/dev/null", O_RDWR, 0);
    }
  }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

// Its first thread stands still until it is sent SIGCONT (xnu,
// bsd/sys/spawn.h).
class StartSuspended {
 public:
  StartSuspended() {
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_START_SUSPENDED);
  }
  ~StartSuspended() { posix_spawnattr_destroy(&attributes_); }
  StartSuspended(const StartSuspended&) = delete;
  StartSuspended& operator=(const StartSuspended&) = delete;

  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<LaunchedProgram>> LaunchedProgram::Start(
    const std::vector<std::string>& arguments, const Options& options) {
  const std::vector<char*> argv = Argv(arguments);
  FileActions actions;
  if (options.leave_terminal) actions.LeaveTerminal();
  const StartSuspended attributes;
  pid_t pid = 0;
  const int reason =
      posix_spawnp(&pid, argv[0], actions.get(), attributes.get(), argv.data(),
                   *_NSGetEnviron());
  if (reason != 0) return CannotRun(arguments[0], reason);
  return std::unique_ptr<LaunchedProgram>(new LaunchedProgram(pid));
}

void LaunchedProgram::Release() {
  if (std::exchange(held_, false)) kill(pid_, SIGCONT);
}

int LaunchedProgram::AwaitEnd() {
  Release();
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  return ShellStatus(status);
}

}  // namespace hubspy
