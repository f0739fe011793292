// Owns a file descriptor.
#ifndef HUBSPY_TARGET_SCOPED_FD_H_
#define HUBSPY_TARGET_SCOPED_FD_H_

#include <unistd.h>

#include <utility>

namespace hubspy {

class ScopedFd {
 public:
  ScopedFd() = default;
  explicit ScopedFd(int fd) : fd_(fd) {}
  ~ScopedFd() {
    if (fd_ >= 0) close(fd_);
  }
  ScopedFd(ScopedFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ScopedFd& operator=(ScopedFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

}  // namespace hubspy

#endif  // HUBSPY_TARGET_SCOPED_FD_H_
