// What the ways to record have in common.
#ifndef HUBSPY_CLI_RECORD_H_
#define HUBSPY_CLI_RECORD_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/options.h"

namespace hubspy {

// `record --stalls`.
absl::StatusOr<int> RunRecordStalls(const RecordOptions& options);

// When that is over; INT64_MAX: never.
int64_t UntilNs(int64_t now_ns, absl::Duration duration);
// "for 5 s", "until Ctrl-C".
std::string ForHowLong(const RecordOptions& options);

}  // namespace hubspy

#endif  // HUBSPY_CLI_RECORD_H_
