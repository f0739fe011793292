#include "target/linux/proc_dir.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "target/linux/proc_files.h"

namespace hubspy {

absl::StatusOr<absl::string_view> ReadText(const ScopedFd& file,
                                           absl::Span<char> buffer) {
  const ssize_t n = pread(file.get(), buffer.data(), buffer.size(), 0);
  if (n < 0) return absl::ErrnoToStatus(errno, "cannot read from /proc");
  return absl::string_view(buffer.data(), static_cast<size_t>(n));
}

absl::StatusOr<ProcDir> ProcDir::Open(int32_t pid) {
  const std::string path = absl::StrCat("/proc/", pid);
  ScopedFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  }
  return ProcDir(pid, std::move(fd));
}

absl::StatusOr<ScopedFd> ProcDir::OpenFile(const std::string& name) const {
  ScopedFd file(openat(fd_.get(), name.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    return absl::ErrnoToStatus(
        errno, absl::StrCat("cannot open /proc/", pid_, "/", name));
  }
  return file;
}

absl::StatusOr<std::string> ProcDir::ReadFile(const std::string& name) const {
  absl::StatusOr<ScopedFd> file = OpenFile(name);
  if (!file.ok()) return file.status();
  std::string text;
  std::array<char, 16384> chunk;
  for (;;) {
    const ssize_t n = read(file->get(), chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      return absl::ErrnoToStatus(
          errno, absl::StrCat("cannot read /proc/", pid_, "/", name));
    }
    if (n == 0) return text;
    text.append(chunk.data(), static_cast<size_t>(n));
  }
}

absl::StatusOr<std::vector<int32_t>> ProcDir::ThreadIds() const {
  const auto gone = [this] {
    return absl::ErrnoToStatus(
        errno, absl::StrCat("cannot list the threads of process ", pid_));
  };
  const int fd = openat(fd_.get(), "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return gone();
  DIR* const opened = fdopendir(fd);
  if (opened == nullptr) {
    close(fd);
    return gone();
  }
  const auto closer = [](DIR* d) { closedir(d); };
  const std::unique_ptr<DIR, decltype(closer)> directory(opened, closer);

  std::vector<int32_t> ids;
  errno = 0;
  while (const dirent* entry = readdir(directory.get())) {
    int32_t id = 0;
    if (absl::SimpleAtoi(entry->d_name, &id)) ids.push_back(id);
    errno = 0;
  }
  if (errno != 0) return gone();
  std::sort(ids.begin(), ids.end());
  return ids;
}

absl::StatusOr<int32_t> ProcDir::LivingThread() const {
  const auto lives = [this](int32_t tid) {
    const auto text = ReadFile(absl::StrCat("task/", tid, "/stat"));
    if (!text.ok()) return false;
    const auto stat = ParseStat(*text);
    return stat.ok() && stat->state != ThreadState::kZombie;
  };
  if (lives(pid_)) return pid_;
  const absl::StatusOr<std::vector<int32_t>> tids = ThreadIds();
  if (!tids.ok()) return tids.status();
  const auto living = std::find_if(tids->begin(), tids->end(), lives);
  if (living != tids->end()) return *living;
  return absl::NotFoundError(absl::StrCat("process ", pid_, " has exited"));
}

}  // namespace hubspy
