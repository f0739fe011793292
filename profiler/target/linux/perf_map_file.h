// The file in which a target's JIT compiler writes down the code that it makes:
// /tmp/perf-PID.map, by the target's own idea of /tmp and of its process id.
//
// Found through /proc/PID/root and the innermost id of NSpid, so that it is the
// right one for a target in a container, too. The surprising part: /tmp is
// everybody's, and another user can put a file there for a process that writes
// none. As perf does, only a file of the target's user or of root is believed;
// and no symbolic link is followed, because it would lead through our root.
#ifndef HUBSPY_TARGET_LINUX_PERF_MAP_FILE_H_
#define HUBSPY_TARGET_LINUX_PERF_MAP_FILE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "target/linux/proc_dir.h"
#include "target/process.h"

namespace hubspy {

class PerfMapFile {
 public:
  // As Process::ReadPerfMap.
  absl::StatusOr<PerfMapText> ReadOn(const ProcDir& directory);

 private:
  uint64_t device_ = 0;
  uint64_t inode_ = 0;
  uint64_t offset_ = 0;  // up to here it was read
};

// What is wrong with a file of this kind and owner; OK when it may be read.
struct PerfMapOwner {
  uint32_t file_user_id = 0;
  uint32_t target_user_id = 0;
  bool regular_file = true;
};
absl::Status CheckPerfMapOwner(const PerfMapOwner& owner,
                               absl::string_view file);

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LINUX_PERF_MAP_FILE_H_
