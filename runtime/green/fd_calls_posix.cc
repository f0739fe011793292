#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "green/fd_calls.h"

namespace green::internal {

ssize_t Receive(int fd, void* into, size_t size) {
  for (;;) {
    const ssize_t got = recv(fd, into, size, 0);
    if (got >= 0 || errno != EINTR) return got;
  }
}

int PendingError(int fd) {
  int error = 0;
  socklen_t size = sizeof(error);
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

FdState LookAt(int fd, Direction direction) {
  pollfd asked = {.fd = fd,
                  .events = static_cast<short>(
                      direction == Direction::kRead ? POLLIN : POLLOUT),
                  .revents = 0};
  for (;;) {
    const int count = poll(&asked, 1, 0);
    if (count > 0) {
      return (asked.revents & POLLNVAL) != 0 ? FdState::kNotOpen
                                             : FdState::kReady;
    }
    if (count == 0 || errno != EINTR) return FdState::kWouldBlock;
  }
}

void CloseFd(int fd) {
  const int saved_errno = errno;
  close(fd);
  errno = saved_errno;
}

}  // namespace green::internal
