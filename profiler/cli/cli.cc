#include "cli/cli.h"

#include <cstdlib>
#include <iostream>
#include <variant>

#include "cli/commands.h"
#include "cli/options.h"

namespace hubspy {
namespace {

constexpr int kExitCouldNot = 1;
constexpr int kExitUsage = 2;

struct Run {
  absl::StatusOr<int> operator()(const TopOptions& o) { return RunTop(o); }
  absl::StatusOr<int> operator()(const RecordOptions& o) {
    return RunRecord(o);
  }
  absl::StatusOr<int> operator()(const DumpOptions& o) { return RunDump(o); }
  absl::StatusOr<int> operator()(const DiagnoseOptions& o) {
    return RunDiagnose(o);
  }
  absl::StatusOr<int> operator()(const AnnotateOptions& o) {
    return RunAnnotate(o);
  }
  absl::StatusOr<int> operator()(const ReportOptions& o) {
    return RunReport(o);
  }
  absl::StatusOr<int> operator()(const DiffCommandOptions& o) {
    return RunDiff(o);
  }
  absl::StatusOr<int> operator()(const Information& information) {
    std::cout << information.text << std::flush;
    return EXIT_SUCCESS;
  }
};

void PrintError(const absl::Status& status) {
  std::cerr << "hubspy: " << status.message() << std::endl;
}

}  // namespace

int Main(int argc, const char* const* argv) {
  absl::StatusOr<Command> command = ParseCommandLine(argc, argv);
  if (!command.ok()) {
    PrintError(command.status());
    return kExitUsage;
  }
  absl::StatusOr<int> exit_status = std::visit(Run{}, *command);
  if (!exit_status.ok()) {
    PrintError(exit_status.status());
    return kExitCouldNot;
  }
  return *exit_status;
}

}  // namespace hubspy
