#include "target/launched_program.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "target/scoped_fd.h"

namespace hubspy {
namespace {

struct Pipe {
  ScopedFd read;
  ScopedFd write;
};

absl::StatusOr<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return absl::ErrnoToStatus(errno, "cannot start a program");
  }
  return Pipe{ScopedFd(ends[0]), ScopedFd(ends[1])};
}

void LeaveTerminal() {
  const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (isatty(fd)) dup2(nowhere, fd);
  }
}

// In the child: once we hold it, becomes the program, or says why not.
[[noreturn]] void BecomeProgram(const ScopedFd& go, const ScopedFd& error,
                                char* const* arguments) {
  char byte;
  while (read(go.get(), &byte, 1) < 0 && errno == EINTR) {
  }
  execvp(arguments[0], arguments);
  const int reason = errno;
  [[maybe_unused]] const ssize_t said =
      write(error.get(), &reason, sizeof(reason));
  _exit(127);
}

// The next change of our child's state; 0 where there is none to come.
int AwaitChange(int32_t pid) {
  int status = 0;
  pid_t changed;
  do {
    changed = waitpid(pid, &status, __WALL);
  } while (changed < 0 && errno == EINTR);
  return changed == pid ? status : 0;
}

bool IsExecStop(int status) {
  return WIFSTOPPED(status) &&
         status >> 8 == (SIGTRAP | (PTRACE_EVENT_EXEC << 8));
}

// The child says something only when the program could not be run.
int ReasonFrom(const ScopedFd& error) {
  int reason = 0;
  return read(error.get(), &reason, sizeof(reason)) == sizeof(reason) ? reason
                                                                      : EIO;
}

}  // namespace

absl::StatusOr<std::unique_ptr<LaunchedProgram>> LaunchedProgram::Start(
    const std::vector<std::string>& arguments, const Options& options) {
  const std::vector<char*> argv = Argv(arguments);
  absl::StatusOr<Pipe> go = MakePipe();
  if (!go.ok()) return go.status();
  absl::StatusOr<Pipe> error = MakePipe();
  if (!error.ok()) return error.status();

  const pid_t pid = fork();
  if (pid < 0) return absl::ErrnoToStatus(errno, "cannot start a program");
  if (pid == 0) {
    go->write = ScopedFd();  // or its end would never be seen
    if (options.leave_terminal) LeaveTerminal();
    BecomeProgram(go->read, error->write, argv.data());
  }
  std::unique_ptr<LaunchedProgram> program(new LaunchedProgram(pid));
  // Not PTRACE_TRACEME: with it, every signal would stop the program, and every
  // later exec.
  if (ptrace(PTRACE_SEIZE, pid, nullptr, PTRACE_O_TRACEEXEC) != 0) {
    const int reason = errno;
    kill(pid, SIGKILL);
    program->held_ = false;
    program->AwaitEnd();
    return absl::PermissionDeniedError(
        absl::StrCat("cannot hold ", arguments[0],
                     " at its start: ", std::strerror(reason)));
  }
  error->write = ScopedFd();
  go->write = ScopedFd();
  int status = AwaitChange(pid);
  while (WIFSTOPPED(status) && !IsExecStop(status)) {
    // A signal that came before the exec; it is the program's.
    const int signal = status >> 16 == 0 ? WSTOPSIG(status) : 0;
    ptrace(PTRACE_CONT, pid, nullptr, signal);
    status = AwaitChange(pid);
  }
  if (IsExecStop(status)) return program;
  program->held_ = false;
  program->pid_ = 0;  // reaped
  return CannotRun(arguments[0], ReasonFrom(error->read));
}

void LaunchedProgram::Release() {
  if (std::exchange(held_, false)) ptrace(PTRACE_DETACH, pid_, nullptr, 0);
}

int LaunchedProgram::AwaitEnd() {
  Release();
  for (;;) {
    const int status = AwaitChange(pid_);
    if (WIFSTOPPED(status)) continue;
    return ShellStatus(status);
  }
}

}  // namespace hubspy
