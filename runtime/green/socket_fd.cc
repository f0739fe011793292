#include "green/socket_fd.h"

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "green/descriptors.h"
#include "green/fd_calls.h"
#include "green/wait_fd.h"

namespace green::internal {

SocketFd::SocketFd(SocketFd&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      owner_(other.owner_),
      registration_(std::exchange(other.registration_, {})) {}

SocketFd& SocketFd::operator=(SocketFd&& other) noexcept {
  if (this == &other) return *this;
  Close();
  fd_ = std::exchange(other.fd_, -1);
  owner_ = other.owner_;
  registration_ = std::exchange(other.registration_, {});
  return *this;
}

void SocketFd::Close() {
  if (fd_ >= 0) CloseFd(Release());
}

int SocketFd::Release() {
  if (fd_ >= 0) GiveUp();
  return std::exchange(fd_, -1);
}

// Also without a registration here: somebody may wait for the bare fd, or have
// given way in a method.
void SocketFd::GiveUp() {
  registration_ = {};
  Descriptors* const here = Descriptors::CurrentIfAny();
  if (here != nullptr) here->Close(fd_);
}

bool SocketFd::MayBeReady(Direction direction) const {
  return registration_.hub != Descriptors::Current().id() ||
         Descriptors::MayBeReady(registration_, direction);
}

void SocketFd::WouldBlock(Direction direction) {
  Descriptors& here = Descriptors::Current();
  if (registration_.hub != here.id()) {
    if (registration_.hub != 0 && Descriptors::IsAlive(registration_.hub)) {
      throw std::logic_error(absl::StrCat(
          owner_, ": fd ", fd_,
          " belongs to the hub of another thread, which waited for it first"));
    }
    registration_ = here.Register(fd_);
  }
  Descriptors::Drained(registration_, direction);
}

void SocketFd::StoppedShort(Direction direction) {
  if (registration_.hub != Descriptors::Current().id()) return;
  if (direction == Direction::kRead) {
    Descriptors::DrainedUnlessUnusual(registration_);
  } else {
    Descriptors::Drained(registration_, direction);
  }
}

bool SocketFd::Await(Direction direction, int64_t timeout_ns,
                     const char* method) {
  const int fd = fd_;
  const char* const owner = owner_;
  Descriptors& here = Descriptors::Current();
  if (registration_.hub != here.id()) WouldBlock(direction);
  if (timeout_ns <= 0) return false;
  const FdWait result = here.Wait(fd, registration_, direction, timeout_ns);
  // From here on *this may be gone.
  if (result == FdWait::kClosed) ThrowClosed(owner, method, fd);
  return result == FdWait::kReady;
}

void SocketFd::Nudge(Direction direction) {
  if (registration_.hub != Descriptors::Current().id()) return;
  Descriptors::Nudge(registration_, direction);
}

void SocketFd::ThrowClosed(const char* owner, const char* method, int fd) {
  throw IoClosed(
      absl::StrCat(owner, "::", method, ": fd ", fd, " was closed meanwhile"));
}

void SocketFd::Throw(const char* method, int error) const {
  throw std::system_error(error, std::generic_category(),
                          absl::StrCat(owner_, "::", method, ": fd ", fd_));
}

void SocketFd::RequireOpen(const char* method) const {
  if (fd_ < 0) {
    throw std::system_error(
        std::make_error_code(std::errc::bad_file_descriptor),
        absl::StrCat(owner_, "::", method, ": it is closed"));
  }
}

}  // namespace green::internal
