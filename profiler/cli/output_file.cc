#include "cli/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"

namespace hubspy {
namespace {

absl::Status CannotWrite(absl::string_view path) {
  return absl::PermissionDeniedError(
      absl::StrCat("cannot write ", path, ": ", strerror(errno),
                   "; choose another file with -o"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<OutputFile>> OutputFile::Create(
    std::string path) {
  if (path == "-") {
    return std::unique_ptr<OutputFile>(
        new OutputFile(std::move(path), "", STDOUT_FILENO));
  }
  struct stat present;
  const bool exists = stat(path.c_str(), &present) == 0;
  if (exists && S_ISDIR(present.st_mode)) {
    errno = EISDIR;
    return CannotWrite(path);
  }
  if (exists && access(path.c_str(), W_OK) != 0) return CannotWrite(path);
  if (exists && !S_ISREG(present.st_mode)) {  // a pipe, a terminal, /dev/null
    const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return CannotWrite(path);
    return std::unique_ptr<OutputFile>(new OutputFile(std::move(path), "", fd));
  }
  // Through a symbolic link: its target is what gets replaced.
  std::error_code error;
  if (exists) path = std::filesystem::canonical(path, error).string();
  std::string temporary = absl::StrCat(path, ".XXXXXX");
  const int fd = mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return CannotWrite(path);
  const mode_t mask = umask(0);
  umask(mask);
  fchmod(fd, exists ? present.st_mode & 07777 : 0666 & ~mask);
  return std::unique_ptr<OutputFile>(
      new OutputFile(std::move(path), std::move(temporary), fd));
}

OutputFile::~OutputFile() {
  if (!temporary_.empty()) unlink(temporary_.c_str());
  if (fd_ != STDOUT_FILENO) close(fd_);
}

std::string OutputFile::name() const {
  return path_ == "-" ? "standard output" : path_;
}

absl::Status OutputFile::Fail(absl::string_view what) const {
  return absl::UnavailableError(
      absl::StrCat("cannot ", what, " ", name(), ": ", strerror(errno)));
}

absl::Status OutputFile::Write(absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Fail("write");
    text.remove_prefix(static_cast<size_t>(written));
  }
  if (temporary_.empty()) return absl::OkStatus();
  if (rename(temporary_.c_str(), path_.c_str()) != 0) return Fail("rename to");
  temporary_.clear();
  return absl::OkStatus();
}

}  // namespace hubspy
