// The subcommands, one file each. They compose the rooms, print, and return
// the exit status; an error is printed by their caller.
#ifndef HUBSPY_CLI_COMMANDS_H_
#define HUBSPY_CLI_COMMANDS_H_

#include "absl/status/statusor.h"
#include "cli/options.h"

namespace hubspy {

absl::StatusOr<int> RunTop(const TopOptions& options);
absl::StatusOr<int> RunRecord(const RecordOptions& options);
absl::StatusOr<int> RunDump(const DumpOptions& options);
absl::StatusOr<int> RunAnnotate(const AnnotateOptions& options);
absl::StatusOr<int> RunReport(const ReportOptions& options);
absl::StatusOr<int> RunDiff(const DiffCommandOptions& options);
absl::StatusOr<int> RunDiagnose(const DiagnoseOptions& options);

}  // namespace hubspy

#endif  // HUBSPY_CLI_COMMANDS_H_
