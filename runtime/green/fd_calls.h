// The operating system's calls on sockets, as green uses them: never blocking,
// never inherited by a program that is started, never interrupted by a signal,
// and without SIGPIPE. Those that return a number return -1 and set errno when
// they fail.
#ifndef GREEN_FD_CALLS_H_
#define GREEN_FD_CALLS_H_

#include <sys/socket.h>
#include <sys/types.h>

#include <cerrno>
#include <cstddef>
#include <optional>

#include "green/descriptors.h"

namespace green::internal {

int OpenStreamSocket(int family);
int OpenStreamSocketPair(int (&fds)[2]);
int AcceptStream(int listener);

struct StreamKind {
  int family = 0;
  bool listens = false;
};
// None, and errno, when `fd` is no stream socket.
std::optional<StreamKind> AskStreamKind(int fd);

// Makes an fd of others' one of that kind.
int MakeNonBlocking(int fd);

ssize_t Receive(int fd, void* into, size_t size);
ssize_t Send(int fd, const void* from, size_t size);

// Of a connection that was being made: 0 when it was made, or why not (errno).
int PendingError(int fd);

enum class FdState { kWouldBlock, kReady, kNotOpen };
FdState LookAt(int fd, Direction direction);

// Once, whatever a signal does: the fd is gone in any case.
void CloseFd(int fd);

inline bool IsWouldBlock(int error) {
  return error == EAGAIN || error == EWOULDBLOCK;
}

}  // namespace green::internal

#endif  // GREEN_FD_CALLS_H_
