#include "cli/subject.h"

#include <signal.h>

#include <iostream>

namespace hubspy {

absl::StatusOr<std::unique_ptr<Subject>> Subject::Of(
    int32_t pid, const std::vector<std::string>& program,
    const LaunchedProgram::Options& options) {
  std::unique_ptr<LaunchedProgram> launched;
  if (!program.empty()) {
    auto started = LaunchedProgram::Start(program, options);
    if (!started.ok()) return started.status();
    launched = *std::move(started);
  }
  return std::unique_ptr<Subject>(new Subject(pid, std::move(launched)));
}

int Subject::AwaitEnd(int stop_signal) {
  if (!program_) return 0;
  // Ctrl-C, SIGINT, has reached the program as it did us: from the terminal.
  if (stop_signal == SIGTERM || stop_signal == SIGHUP) {
    program_->Signal(stop_signal);
  }
  if (!program_->HasEnded()) {
    std::cerr << "Waiting for process " << program_->pid() << " to end.\n";
  }
  return program_->AwaitEnd();
}

}  // namespace hubspy
