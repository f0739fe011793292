// A program that we start, to look at it from its first instruction on.
//
//   auto program = LaunchedProgram::Start({"redis-server", "--port", "0"}, {});
//   auto process = Process::Open((*program)->pid());   // it stands still
//   (*program)->Release();                             // now it runs
//   ...
//   const int status = (*program)->AwaitEnd();         // as a shell says it
//
// Promises: it has our standard input, output and error, our environment and
// working directory, and the signal mask and handlers that we were started
// with. We never end it: who goes away leaves it running.
//
// The surprising part: until Release it stands still (stopped by ptrace, or on
// macOS suspended), in its new image, before the dynamic linker's first
// instruction. Start and Release belong to
// one thread.
#ifndef HUBSPY_TARGET_LAUNCHED_PROGRAM_H_
#define HUBSPY_TARGET_LAUNCHED_PROGRAM_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace hubspy {

class LaunchedProgram {
 public:
  struct Options {
    // Its standard files that are a terminal become /dev/null: somebody draws
    // on that terminal, and reads its keys.
    bool leave_terminal = false;
  };
  // `arguments[0]` is found as a shell finds it, by PATH. NotFound: there is no
  // such program. PermissionDenied, FailedPrecondition: it cannot be run; the
  // message says why.
  static absl::StatusOr<std::unique_ptr<LaunchedProgram>> Start(
      const std::vector<std::string>& arguments, const Options& options);
  // Lets it run, if it was not yet.
  ~LaunchedProgram();
  LaunchedProgram(const LaunchedProgram&) = delete;
  LaunchedProgram& operator=(const LaunchedProgram&) = delete;

  int32_t pid() const { return pid_; }
  void Release();
  // Passes on what was meant for both of us.
  void Signal(int signal) const;
  bool HasEnded() const;
  // Returns when it has ended: its exit status, or 128 and the number of the
  // signal that ended it.
  int AwaitEnd();

 private:
  explicit LaunchedProgram(int32_t pid) : pid_(pid) {}

  // As exec wants them; they borrow `arguments`.
  static std::vector<char*> Argv(const std::vector<std::string>& arguments);
  // `reason`: an errno.
  static absl::Status CannotRun(const std::string& program, int reason);
  // Of one that has ended, as waitpid tells it.
  static int ShellStatus(int status);

  int32_t pid_;
  bool held_ = true;
};

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LAUNCHED_PROGRAM_H_
