// Whether a process can be looked at, and if not, what its user can do.
#ifndef HUBSPY_TARGET_LINUX_CHECK_TARGET_H_
#define HUBSPY_TARGET_LINUX_CHECK_TARGET_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "target/linux/proc_dir.h"

namespace hubspy {

// The open directory of a process that Process::Open may promise to work on;
// the errors are Process::Open's.
absl::StatusOr<ProcDir> CheckTarget(int32_t pid);

// What decides which processes we may look at.
struct Privileges {
  int yama_scope = 0;  // kernel.yama.ptrace_scope; 0 where there is no Yama
  uint32_t our_user_id = 0;
  uint32_t target_user_id = 0;
};
// What a user who was refused can do about it, as the end of a sentence.
std::string PermissionRemedy(const Privileges& privileges);

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LINUX_CHECK_TARGET_H_
