// What is the same on every system.
#include "target/launched_program.h"

#include <signal.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace hubspy {

LaunchedProgram::~LaunchedProgram() { Release(); }

void LaunchedProgram::Signal(int signal) const { kill(pid_, signal); }

bool LaunchedProgram::HasEnded() const {
  siginfo_t info = {};
  return waitid(P_PID, static_cast<id_t>(pid_), &info,
                WEXITED | WNOHANG | WNOWAIT) != 0 ||
         info.si_pid == pid_;
}

std::vector<char*> LaunchedProgram::Argv(
    const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));
  }
  argv.push_back(nullptr);
  return argv;
}

absl::Status LaunchedProgram::CannotRun(const std::string& program,
                                        int reason) {
  const std::string message =
      absl::StrCat("cannot run ", program, ": ", std::strerror(reason));
  switch (reason) {
    case ENOENT:
      return absl::NotFoundError(message);
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(message);
    default:
      return absl::FailedPreconditionError(message);
  }
}

int LaunchedProgram::ShellStatus(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace hubspy
