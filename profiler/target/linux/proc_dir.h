// A process's directory under /proc, held open.
//
// Promises: everything read through it is of the process it was opened for. A
// path would silently lead to another process once the id is used again; an
// open directory of /proc says ESRCH (NotFound) instead.
#ifndef HUBSPY_TARGET_LINUX_PROC_DIR_H_
#define HUBSPY_TARGET_LINUX_PROC_DIR_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "target/scoped_fd.h"

namespace hubspy {

// The text at the start of an open file of /proc, as it is now; cut at the end
// of `buffer`, into which it points.
absl::StatusOr<absl::string_view> ReadText(const ScopedFd& file,
                                           absl::Span<char> buffer);

class ProcDir {
 public:
  static absl::StatusOr<ProcDir> Open(int32_t pid);

  int32_t pid() const { return pid_; }

  // `name` relative to /proc/PID: "task/7/stat".
  absl::StatusOr<ScopedFd> OpenFile(const std::string& name) const;
  absl::StatusOr<std::string> ReadFile(const std::string& name) const;
  // The ids in /proc/PID/task, sorted.
  absl::StatusOr<std::vector<int32_t>> ThreadIds() const;
  // A thread that has not exited: the main thread, unless it went first.
  absl::StatusOr<int32_t> LivingThread() const;

 private:
  ProcDir(int32_t pid, ScopedFd fd) : pid_(pid), fd_(std::move(fd)) {}

  int32_t pid_;
  ScopedFd fd_;
};

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LINUX_PROC_DIR_H_
