// Runs the built hubspy as a user would: arguments in; exit status and both
// outputs back.
//
//   ToolRun run = RunHubspy({"dump", "-p", std::to_string(child.pid())});
//   EXPECT_EQ(run.exit_status, 0) << run.err;
#ifndef HUBSPY_TESTS_SUPPORT_TOOL_H_
#define HUBSPY_TESTS_SUPPORT_TOOL_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "support/child.h"

namespace hubspy {

struct ToolRun {
  int exit_status = -1;  // minus the signal that ended it
  std::string out;
  std::string err;
};

struct ToolOptions {
  // As this user, without any privilege.
  std::optional<uid_t> user;
};

ToolRun RunHubspy(const std::vector<std::string>& arguments,
                  const ToolOptions& options = {});

// The same, still running: what it says on standard error is read line by line,
// standard output is dropped.
Child StartHubspy(const std::vector<std::string>& arguments);

// Returns once `pid` has slept this often from now on: a recording sleeps
// between any two samples.
void AwaitSleeps(pid_t pid, int64_t sleeps);

// Before others, as far as we may ask for that (as root). For a process that a
// machine with too much to do would starve, which hubspy rightly says.
void PreferOnCpu(pid_t pid);

// Empty when it cannot be read.
std::string FileText(const std::string& path);

// A field of /proc/PID/status; empty when the process is gone.
std::string ProcStatus(pid_t pid, const std::string& field);

}  // namespace hubspy

#endif  // HUBSPY_TESTS_SUPPORT_TOOL_H_
