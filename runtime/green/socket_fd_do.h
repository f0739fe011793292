// How a socket's call is made, again and again until it is done.
#ifndef GREEN_SOCKET_FD_DO_H_
#define GREEN_SOCKET_FD_DO_H_

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>

#include "green/descriptors.h"
#include "green/fd_calls.h"
#include "green/saturating.h"
#include "green/socket_fd.h"
#include "green/wait_fd.h"

namespace green::internal {

// What is left of a time for a call that may have to wait more than once. The
// clock is read only when it waits.
class Patience {
 public:
  explicit Patience(int64_t timeout_ns) : timeout_ns_(timeout_ns) {}

  int64_t LeftNs() {
    if (timeout_ns_ == WaitList::kForever) return timeout_ns_;
    const int64_t now_ns = Descriptors::Current().NowNs();
    if (!began_) {
      began_ = true;
      deadline_ns_ = SaturatingAdd(now_ns, timeout_ns_);
    }
    return std::max<int64_t>(SaturatingSubtract(deadline_ns_, now_ns), 0);
  }

 private:
  int64_t timeout_ns_;
  int64_t deadline_ns_ = 0;
  bool began_ = false;
};

template <typename Call>
int64_t SocketFd::Do(Direction direction, Patience& patience,
                     const char* method, Call call) {
  RequireOpen(method);
  const int fd = fd_;
  const char* const owner = owner_;
  if (Descriptors::Current().GiveWayIfGreedy(fd) == FdWait::kClosed) {
    ThrowClosed(owner, method, fd);
  }
  bool in_time =
      MayBeReady(direction) || Await(direction, patience.LeftNs(), method);
  // Also when it is too late: the hub may have been too busy to look.
  for (;;) {
    const int64_t result = call(fd_);
    if (result >= 0) return result;
    const int error = errno;
    if (!IsWouldBlock(error)) Throw(method, error);
    WouldBlock(direction);
    if (!in_time) {
      throw IoTimeout(std::string(owner_) + "::" + method + ": fd " +
                      std::to_string(fd_));
    }
    in_time = Await(direction, patience.LeftNs(), method);
  }
}

}  // namespace green::internal

#endif  // GREEN_SOCKET_FD_DO_H_
