#include <fcntl.h>

#include <cerrno>

#include "green/fd_calls.h"

namespace green::internal {
namespace {

constexpr int kStream = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

}  // namespace

int OpenStreamSocket(int family) { return socket(family, kStream, 0); }

int OpenStreamSocketPair(int (&fds)[2]) {
  return socketpair(AF_UNIX, kStream, 0, fds);
}

int AcceptStream(int listener) {
  for (;;) {
    const int fd =
        accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) return fd;
    switch (errno) {
      case EINTR:
      // The peer has gone already, or what went wrong on its way here is told
      // early (man 2 accept, "Error handling"): no matter of the listener's.
      case ECONNABORTED:
      case ENETDOWN:
      case EPROTO:
      case ENOPROTOOPT:
      case EHOSTDOWN:
      case ENONET:
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
  StreamKind kind;
  int type = 0;
  int listens = 0;
  if (!ask(SO_TYPE, type) || !ask(SO_DOMAIN, kind.family) ||
      !ask(SO_ACCEPTCONN, listens)) {
    return std::nullopt;
  }
  if (type != SOCK_STREAM) {
    errno = EPROTOTYPE;
    return std::nullopt;
  }
  kind.listens = listens != 0;
  return kind;
}

int MakeNonBlocking(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return -1;
  if ((flags & O_NONBLOCK) == 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
    return -1;
  }
  return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

ssize_t Send(int fd, const void* from, size_t size) {
  for (;;) {
    const ssize_t put = send(fd, from, size, MSG_NOSIGNAL);
    if (put >= 0 || errno != EINTR) return put;
  }
}

}  // namespace green::internal
