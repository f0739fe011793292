// What a command looks at: a process that is there, or a program that is
// started for it.
//
//   auto subject = Subject::Of(options.pid, options.program);
//   auto attachment = Attachment::Open((*subject)->pid(), ...);
//   (*subject)->Release();               // who was started begins to run
//   ...
//   return (*subject)->AwaitEnd(signal); // the exit status to end with
#ifndef HUBSPY_CLI_SUBJECT_H_
#define HUBSPY_CLI_SUBJECT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "target/launched_program.h"

namespace hubspy {

class Subject {
 public:
  // Starts `program`, unless it is empty: then it is the process `pid`.
  // Errors as LaunchedProgram::Start's.
  static absl::StatusOr<std::unique_ptr<Subject>> Of(
      int32_t pid, const std::vector<std::string>& program,
      const LaunchedProgram::Options& options = {});

  int32_t pid() const { return program_ ? program_->pid() : pid_; }
  bool launched() const { return program_ != nullptr; }
  void Release() {
    if (program_) program_->Release();
  }
  // 0 at once for a process that was there. For a program that we started: its
  // exit status, when it has ended. Passes SIGTERM and SIGHUP on, which only we
  // got; `stop_signal` is what we were asked to stop with, or 0.
  int AwaitEnd(int stop_signal);

 private:
  Subject(int32_t pid, std::unique_ptr<LaunchedProgram> program)
      : pid_(pid), program_(std::move(program)) {}

  int32_t pid_;
  std::unique_ptr<LaunchedProgram> program_;
};

}  // namespace hubspy

#endif  // HUBSPY_CLI_SUBJECT_H_
