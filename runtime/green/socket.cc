#include "green/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "green/fd_calls.h"
#include "green/green_thread.h"
#include "green/socket_fd_do.h"

namespace green {

using internal::ClosingWatch;
using internal::Descriptors;
using internal::Direction;
using internal::Patience;
using internal::SocketFd;

namespace {

constexpr char kSocket[] = "green::Socket";

template <typename Ask>  // int(int fd, sockaddr*, socklen_t*)
Address AskAddress(const SocketFd& fd, const char* method, Ask ask) {
  fd.RequireOpen(method);
  sockaddr_storage storage = {};
  socklen_t size = sizeof(storage);
  if (ask(fd.fd(), reinterpret_cast<sockaddr*>(&storage), &size) != 0) {
    fd.Throw(method, errno);
  }
  return Address(storage, size);
}

int64_t TimeoutNs(absl::Duration timeout) {
  return internal::DelayNanoseconds(timeout);
}

}  // namespace

Socket::Socket(int fd, int family)
    : fd_(fd, kSocket), is_tcp_(family == AF_INET || family == AF_INET6) {}

Socket Socket::Adopt(int fd) {
  const auto refuse = [fd](int error, const char* why) {
    throw std::system_error(error, std::generic_category(),
                            absl::StrCat("green::Socket::Adopt: fd ", fd, why));
  };
  const std::optional<internal::StreamKind> kind = internal::AskStreamKind(fd);
  if (!kind.has_value()) refuse(errno, "");
  if (kind->listens) refuse(EINVAL, " listens");
  if (internal::MakeNonBlocking(fd) != 0) refuse(errno, "");
  return Socket(fd, kind->family);
}

std::pair<Socket, Socket> Socket::Pair() {
  int fds[2];
  if (internal::OpenStreamSocketPair(fds) != 0) {
    throw std::system_error(errno, std::generic_category(),
                            "green::Socket::Pair");
  }
  return {Socket(fds[0], AF_UNIX), Socket(fds[1], AF_UNIX)};
}

size_t Socket::Read(void* into, size_t size) {
  Patience patience(read_timeout_ns_);
  return ReadSome(into, size, patience, "Read");
}

size_t Socket::ReadSome(void* into, size_t size, Patience& patience,
                        const char* method) {
  fd_.RequireOpen(method);
  if (size == 0) return 0;
  if (unread_ != nullptr) [[unlikely]]
    return TakeUnread(into, size);
  const int64_t got = fd_.Do(Direction::kRead, patience, method, [=](int fd) {
    return internal::Receive(fd, into, size);
  });
  // A Unix socket also stops where a file descriptor was sent along.
  if (is_tcp_ && static_cast<size_t>(got) < size && got > 0) {
    fd_.StoppedShort(Direction::kRead);
  }
  return static_cast<size_t>(got);
}

void Socket::ReadExactly(void* into, size_t size) {
  constexpr char kMethod[] = "ReadExactly";
  fd_.RequireOpen(kMethod);
  char* const bytes = static_cast<char*>(into);
  size_t done = 0;
  Patience patience(read_timeout_ns_);
  const ClosingWatch closing = Descriptors::Current().WatchClosing(fd_.fd());
  try {
    while (done < size) {
      const size_t got = ReadSome(bytes + done, size - done, patience, kMethod);
      if (got == 0) {
        throw EndOfStream(
            absl::StrCat("green::Socket::ReadExactly: the stream ended after ",
                         done, " of ", size, " bytes"));
      }
      done += got;
    }
  } catch (...) {
    if (!closing.closed()) Unread(bytes, done);
    throw;
  }
}

std::string Socket::ReadExactly(size_t size) {
  std::string bytes(size, '\0');
  ReadExactly(bytes.data(), size);
  return bytes;
}

std::string Socket::ReadToEnd() {
  constexpr size_t kStep = size_t{16} << 10;
  constexpr char kMethod[] = "ReadToEnd";
  fd_.RequireOpen(kMethod);
  std::string bytes;
  size_t done = 0;
  Patience patience(read_timeout_ns_);
  const ClosingWatch closing = Descriptors::Current().WatchClosing(fd_.fd());
  try {
    for (;;) {
      bytes.resize(std::max(done + kStep, bytes.capacity()));
      const size_t got =
          ReadSome(bytes.data() + done, bytes.size() - done, patience, kMethod);
      if (got == 0) break;
      done += got;
    }
  } catch (...) {
    // It may not exist any more.
    if (!closing.closed()) Unread(bytes.data(), done);
    throw;
  }
  bytes.resize(done);
  return bytes;
}

size_t Socket::TakeUnread(void* into, size_t size) {
  const size_t taken = std::min(size, unread_->size());
  std::memcpy(into, unread_->data(), taken);
  unread_->erase(0, taken);
  if (unread_->empty()) unread_.reset();
  return taken;
}

void Socket::Unread(const char* bytes, size_t size) {
  if (size == 0) return;
  if (unread_ == nullptr) unread_ = std::make_unique<std::string>();
  unread_->insert(0, bytes, size);
}

size_t Socket::WriteSome(const void* from, size_t size) {
  Patience patience(write_timeout_ns_);
  return WriteSome(from, size, patience, "WriteSome");
}

size_t Socket::WriteSome(const void* from, size_t size, Patience& patience,
                         const char* method) {
  fd_.RequireOpen(method);
  if (size == 0) return 0;
  const int64_t put = fd_.Do(Direction::kWrite, patience, method, [=](int fd) {
    return internal::Send(fd, from, size);
  });
  if (static_cast<size_t>(put) < size) fd_.StoppedShort(Direction::kWrite);
  return static_cast<size_t>(put);
}

void Socket::Write(const void* from, size_t size) {
  const char* const bytes = static_cast<const char*>(from);
  Patience patience(write_timeout_ns_);
  size_t done = 0;
  do {
    done += WriteSome(bytes + done, size - done, patience, "Write");
  } while (done < size);
}

void Socket::Shutdown(Side side) {
  fd_.RequireOpen("Shutdown");
  const int how = side == Side::kRead    ? SHUT_RD
                  : side == Side::kWrite ? SHUT_WR
                                         : SHUT_RDWR;
  if (shutdown(fd_.fd(), how) != 0) fd_.Throw("Shutdown", errno);
}

void Socket::SetReadTimeout(absl::Duration timeout) {
  read_timeout_ns_ = TimeoutNs(timeout);
}

void Socket::SetWriteTimeout(absl::Duration timeout) {
  write_timeout_ns_ = TimeoutNs(timeout);
}

void Socket::SetNoDelay(bool no_delay) {
  fd_.RequireOpen("SetNoDelay");
  if (!is_tcp_) return;
  const int on = no_delay ? 1 : 0;
  if (setsockopt(fd_.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0) {
    fd_.Throw("SetNoDelay", errno);
  }
}

Address Socket::local_address() const {
  return AskAddress(fd_, "local_address", getsockname);
}

Address Socket::peer_address() const {
  return AskAddress(fd_, "peer_address", getpeername);
}

}  // namespace green
