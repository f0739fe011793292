#include "green/wait_fd.h"

#include "absl/strings/str_cat.h"
#include "green/descriptors.h"
#include "green/green_thread.h"

namespace green {
namespace {

using internal::Descriptors;
using internal::Direction;
using internal::FdWait;

void WaitFor(const char* method, int fd, Direction direction,
             absl::Duration timeout) {
  const auto what = [&] { return absl::StrCat(method, ": fd ", fd); };
  if (fd < 0) {
    throw std::system_error(
        std::make_error_code(std::errc::bad_file_descriptor), what());
  }
  const FdWait result = Descriptors::Current().WaitForAny(
      fd, direction, internal::DelayNanoseconds(timeout));
  if (result == FdWait::kClosed) {
    throw IoClosed(absl::StrCat(what(), " was closed meanwhile"));
  }
  if (result == FdWait::kTimedOut) {
    throw IoTimeout(absl::StrCat(what(), " was not ready within ",
                                 absl::FormatDuration(timeout)));
  }
}

}  // namespace

void WaitReadable(int fd, absl::Duration timeout) {
  WaitFor("green::WaitReadable", fd, Direction::kRead, timeout);
}

void WaitWritable(int fd, absl::Duration timeout) {
  WaitFor("green::WaitWritable", fd, Direction::kWrite, timeout);
}

void NotifyClose(int fd) {
  if (fd >= 0) Descriptors::Current().Close(fd);
}

}  // namespace green
