#include "cli/source_text.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "target/scoped_fd.h"

namespace hubspy {
namespace {

// Larger ones are not written by people, nor read.
constexpr size_t kMaxBytes = size_t{16} << 20;

std::string ReadRegularFile(const std::string& file) {
  // Opening a device may do something. O_NONBLOCK, in case it is another file
  // by then: a pipe would wait for somebody to write to it.
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return "";
  const ScopedFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status;
  if (fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
      status.st_size < 0 || static_cast<uint64_t>(status.st_size) > kMaxBytes) {
    return "";
  }
  std::string text(static_cast<size_t>(status.st_size), '\0');
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t got = read(fd.get(), text.data() + done, text.size() - done);
    if (got <= 0) break;
    done += static_cast<size_t>(got);
  }
  text.resize(done);
  return text;
}

}  // namespace

std::string SourceText::Line(const std::string& file, int line) {
  if (line <= 0 || !absl::StartsWith(file, "/")) return "";
  auto [it, inserted] = files_.try_emplace(file);
  if (inserted) it->second = absl::StrSplit(ReadRegularFile(file), '\n');
  const auto index = static_cast<size_t>(line) - 1;
  return index < it->second.size() ? it->second[index] : "";
}

}  // namespace hubspy
