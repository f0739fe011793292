// What the ways to record have in common.
#ifndef HUBSPY_CLI_RECORD_H_
#define HUBSPY_CLI_RECORD_H_

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/options.h"
#include "cli/output_file.h"

namespace hubspy {

// `record --stalls`.
absl::StatusOr<int> RunRecordStalls(const RecordOptions& options);

// When that is over; INT64_MAX: never.
int64_t UntilNs(int64_t now_ns, absl::Duration duration);
// "for 5 s", "until Ctrl-C".
std::string ForHowLong(const RecordOptions& options);
// Writes what there is so far to `path`, as `write` does, which says what that
// is. A file that cannot be written now may be at the end: that is said, no
// more.
void WriteSoFar(
    const std::string& path, const RecordOptions& options,
    absl::FunctionRef<absl::StatusOr<std::string>(OutputFile&)> write);
// "Process 7 exited after 1.2 s."
void TellOfExit(int32_t pid, int64_t after_ns);

}  // namespace hubspy

#endif  // HUBSPY_CLI_RECORD_H_
