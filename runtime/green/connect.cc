// How a connection is made, and taken.
#include <sys/socket.h>

#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "green/fd_calls.h"
#include "green/green_thread.h"
#include "green/socket.h"
#include "green/socket_fd_do.h"

namespace green {

using internal::AddressUse;
using internal::Direction;
using internal::SocketFd;

namespace {

[[noreturn]] void Throw(const char* method, const std::string& what,
                        int error) {
  throw std::system_error(error, std::generic_category(),
                          absl::StrCat(method, ": ", what));
}

// What became of it: 0, or errno.
int ConnectTo(SocketFd& fd, const Address& address,
              internal::Patience& patience) {
  if (connect(fd.fd(), address.data(), address.size()) == 0) return 0;
  // A signal that interrupts it does not end it (POSIX, connect()). A Unix
  // socket whose listener's line is full says EAGAIN, and cannot be waited for.
  if (errno != EINPROGRESS && errno != EINTR) return errno;
  const char* const method = "Connect";
  if (!fd.Await(Direction::kWrite, patience.LeftNs(), method) &&
      internal::LookAt(fd.fd(), Direction::kWrite) ==
          internal::FdState::kWouldBlock) {
    return ETIMEDOUT;
  }
  return internal::PendingError(fd.fd());
}

}  // namespace

Socket Connect(absl::string_view address, absl::Duration timeout) {
  internal::Patience patience(internal::DelayNanoseconds(timeout));
  patience.LeftNs();  // from now on
  int error = 0;
  std::string tried;
  for (const Address& one :
       internal::ResolveAddress(address, AddressUse::kConnect)) {
    tried = one.ToString();
    const int fd = internal::OpenStreamSocket(one.family());
    if (fd < 0) {
      error = errno;
      continue;
    }
    Socket socket(fd, one.family());
    error = ConnectTo(socket.fd_, one, patience);
    if (error == 0) return socket;
    if (error == ETIMEDOUT && patience.LeftNs() == 0) {
      throw IoTimeout(absl::StrCat("green::Connect: ", tried));
    }
  }
  Throw("green::Connect", tried, error);
}

Listener::Listener(int fd, int family)
    : fd_(fd, "green::Listener"), family_(family) {}

Listener Listener::Adopt(int fd) {
  const std::optional<internal::StreamKind> kind = internal::AskStreamKind(fd);
  if (kind.has_value() && !kind->listens) {
    Throw("green::Listener::Adopt", absl::StrCat("fd ", fd, " does not listen"),
          EINVAL);
  }
  if (!kind.has_value() || internal::MakeNonBlocking(fd) != 0) {
    Throw("green::Listener::Adopt", absl::StrCat("fd ", fd), errno);
  }
  return Listener(fd, kind->family);
}

Listener Listen(absl::string_view address, const ListenOptions& options) {
  int error = 0;
  std::string tried;
  for (const Address& one :
       internal::ResolveAddress(address, AddressUse::kListen)) {
    tried = one.ToString();
    const int fd = internal::OpenStreamSocket(one.family());
    if (fd < 0) {
      error = errno;
      continue;
    }
    Listener listener(fd, one.family());
    const int on = 1;
    if ((!options.reuse_address ||
         setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0) &&
        (!options.reuse_port ||
         setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0) &&
        bind(fd, one.data(), one.size()) == 0 &&
        listen(fd, options.backlog) == 0) {
      return listener;
    }
    error = errno;
  }
  Throw("green::Listen", tried, error);
}

Socket Listener::Accept(absl::Duration timeout) {
  internal::Patience patience(internal::DelayNanoseconds(timeout));
  const int64_t fd =
      fd_.Do(Direction::kRead, patience, "Accept",
             [](int listener) { return internal::AcceptStream(listener); });
  return Socket(static_cast<int>(fd), family_);
}

Address Listener::address() const {
  fd_.RequireOpen("address");
  sockaddr_storage storage = {};
  socklen_t size = sizeof(storage);
  if (getsockname(fd_.fd(), reinterpret_cast<sockaddr*>(&storage), &size) !=
      0) {
    fd_.Throw("address", errno);
  }
  return Address(storage, size);
}

}  // namespace green
