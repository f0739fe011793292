#include <fcntl.h>

#include <cerrno>

#include "green/fd_calls.h"

namespace green::internal {
namespace {

int SetFlag(int fd, int get, int set, int flag) {
  const int flags = fcntl(fd, get);
  if (flags < 0) return -1;
  return (flags & flag) != 0 ? 0 : fcntl(fd, set, flags | flag);
}

// There is no call that makes a socket with all of this. Between two of them
// another thread may start a program, which inherits it.
int Adopt(int fd) {
  if (fd < 0) return -1;
  // In the place of MSG_NOSIGNAL.
  const int on = 1;
  if (setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on)) == 0 &&
      SetFlag(fd, F_GETFL, F_SETFL, O_NONBLOCK) == 0 &&
      SetFlag(fd, F_GETFD, F_SETFD, FD_CLOEXEC) == 0) {
    return fd;
  }
  CloseFd(fd);
  return -1;
}

}  // namespace

int OpenStreamSocket(int family) {
  return Adopt(socket(family, SOCK_STREAM, 0));
}

int OpenStreamSocketPair(int (&fds)[2]) {
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) return -1;
  if (Adopt(fds[0]) < 0) {
    CloseFd(fds[1]);
    return -1;
  }
  if (Adopt(fds[1]) < 0) {
    CloseFd(fds[0]);
    return -1;
  }
  return 0;
}

int AcceptStream(int listener) {
  for (;;) {
    const int accepted = accept(listener, nullptr, nullptr);
    if (accepted >= 0) {
      const int fd = Adopt(accepted);
      // EINVAL: the peer has gone already (man 2 setsockopt).
      if (fd >= 0 || errno != EINVAL) return fd;
      continue;
    }
    switch (errno) {
      case EINTR:
      // The peer has gone already, or what went wrong on its way here is told
      // early: no matter of the listener's.
      case ECONNABORTED:
      case ENETDOWN:
      case EPROTO:
      case ENOPROTOOPT:
      case EHOSTDOWN:
      case EHOSTUNREACH:
      case ENETUNREACH:
        continue;
      default:
        return -1;
    }
  }
}

std::optional<StreamKind> AskStreamKind(int fd) {
  const auto ask = [fd](int option, int& value) {
    socklen_t size = sizeof(value);
    return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0;
  };
  int type = 0;
  int listens = 0;
  // In the place of SO_DOMAIN: also a socket without a name has its family.
  sockaddr_storage name = {};
  socklen_t name_size = sizeof(name);
  if (!ask(SO_TYPE, type) || !ask(SO_ACCEPTCONN, listens) ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&name), &name_size) != 0) {
    return std::nullopt;
  }
  if (type != SOCK_STREAM) {
    errno = EPROTOTYPE;
    return std::nullopt;
  }
  return StreamKind{.family = name.ss_family, .listens = listens != 0};
}

int MakeNonBlocking(int fd) {
  const int on = 1;
  // Sending to a socket whose peer has gone must not end the program. On one
  // that has lost its peer already it is refused; sending tells the rest.
  if (setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on)) != 0 &&
      errno != EINVAL && errno != ENOTSOCK) {
    return -1;
  }
  if (SetFlag(fd, F_GETFL, F_SETFL, O_NONBLOCK) != 0) return -1;
  return SetFlag(fd, F_GETFD, F_SETFD, FD_CLOEXEC);
}

ssize_t Send(int fd, const void* from, size_t size) {
  for (;;) {
    const ssize_t put = send(fd, from, size, 0);
    if (put >= 0 || errno != EINTR) return put;
  }
}

}  // namespace green::internal
