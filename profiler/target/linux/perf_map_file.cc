#include "target/linux/perf_map_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "absl/strings/str_cat.h"
#include "target/linux/proc_files.h"

namespace hubspy {
namespace {

// A large Java server writes some ten MB. What lies behind is not read.
constexpr uint64_t kMaxBytes = uint64_t{128} << 20;

absl::StatusOr<ScopedFd> OpenIn(const ProcDir& directory,
                                const std::string& file) {
  const absl::StatusOr<int32_t> tid = directory.LivingThread();
  if (!tid.ok()) return tid.status();
  const absl::StatusOr<ScopedFd> folder =
      directory.OpenFile(absl::StrCat("task/", *tid, "/root/tmp"));
  if (!folder.ok()) return folder.status();
  // Nonblocking: it may be a pipe that nobody writes to.
  ScopedFd fd(
      openat(folder->get(), file.c_str(),
             O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  if (fd.get() >= 0) return fd;
  if (errno == ELOOP) return CheckPerfMapOwner({.regular_file = false}, file);
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot open /tmp/", file));
}

absl::StatusOr<std::string> ReadRange(const ScopedFd& fd, uint64_t begin,
                                      uint64_t end) {
  std::string text(end - begin, '\0');
  size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t n =
        pread(fd.get(), text.data() + filled, text.size() - filled,
              static_cast<off_t>(begin + filled));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return absl::ErrnoToStatus(errno, "cannot read a perf map");
    if (n == 0) break;  // somebody truncates it
    filled += static_cast<size_t>(n);
  }
  text.resize(filled);
  return text;
}

}  // namespace

absl::Status CheckPerfMapOwner(const PerfMapOwner& owner,
                               absl::string_view file) {
  if (!owner.regular_file) {
    return absl::FailedPreconditionError(
        absl::StrCat("/tmp/", file, " is ignored: it is no regular file"));
  }
  if (owner.file_user_id != 0 && owner.file_user_id != owner.target_user_id) {
    return absl::FailedPreconditionError(absl::StrCat(
        "/tmp/", file, " is ignored: it belongs to user ", owner.file_user_id,
        ", and the process to user ", owner.target_user_id));
  }
  return absl::OkStatus();
}

absl::StatusOr<PerfMapText> PerfMapFile::ReadOn(const ProcDir& directory) {
  const absl::StatusOr<std::string> status_text = directory.ReadFile("status");
  if (!status_text.ok()) return status_text.status();
  const absl::StatusOr<ThreadStatus> status = ParseStatus(*status_text);
  if (!status.ok()) return status.status();
  PerfMapText result{.file =
                         absl::StrCat("perf-", status->innermost_id, ".map")};
  const absl::StatusOr<ScopedFd> fd = OpenIn(directory, result.file);
  if (!fd.ok()) return fd.status();
  struct stat file;
  if (fstat(fd->get(), &file) != 0) {
    return absl::ErrnoToStatus(errno, "cannot stat a perf map");
  }
  if (absl::Status check =
          CheckPerfMapOwner({.file_user_id = file.st_uid,
                             .target_user_id = status->user_id,
                             .regular_file = S_ISREG(file.st_mode)},
                            result.file);
      !check.ok()) {
    return check;
  }
  const auto size = static_cast<uint64_t>(file.st_size);
  result.from_start =
      file.st_dev != device_ || file.st_ino != inode_ || size < offset_;
  if (result.from_start) {
    device_ = file.st_dev;
    inode_ = file.st_ino;
    offset_ = 0;
  }
  if (offset_ >= kMaxBytes && size > offset_) {
    return absl::ResourceExhaustedError(
        absl::StrCat("of /tmp/", result.file, " only the first ",
                     kMaxBytes >> 20, " MiB are read"));
  }
  absl::StatusOr<std::string> text =
      ReadRange(*fd, offset_, std::min(size, kMaxBytes));
  if (!text.ok()) return text.status();
  offset_ += text->size();
  result.text = *std::move(text);
  return result;
}

}  // namespace hubspy
