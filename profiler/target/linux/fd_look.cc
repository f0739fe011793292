#include "target/linux/fd_look.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "target/linux/proc_files.h"
#include "target/linux/socket_address.h"
#include "target/printable.h"
#include "target/scoped_fd.h"

namespace hubspy {
namespace {

// The C library has these from glibc 2.36 on.
ScopedFd SecondDescriptor(int32_t pid, int32_t fd) {
  const ScopedFd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (process.get() < 0) return ScopedFd();
  return ScopedFd(
      static_cast<int>(syscall(SYS_pidfd_getfd, process.get(), fd, 0)));
}

using NameOf = int (*)(int, sockaddr*, socklen_t*);

// Empty when it has none.
std::string SocketAddress(int socket, NameOf name_of) {
  sockaddr_storage storage = {};
  socklen_t size = sizeof(storage);
  if (name_of(socket, reinterpret_cast<sockaddr*>(&storage), &size) != 0) {
    return "";
  }
  return SocketAddressText(storage, size);
}

std::optional<int> SocketOption(int socket, int option) {
  int value = 0;
  socklen_t size = sizeof(value);
  if (getsockopt(socket, SOL_SOCKET, option, &value, &size) != 0) {
    return std::nullopt;
  }
  return value;
}

std::string DescribeSocket(int socket) {
  const std::optional<int> family = SocketOption(socket, SO_DOMAIN);
  const bool is_stream = SocketOption(socket, SO_TYPE) == SOCK_STREAM;
  const bool is_internet = family == AF_INET || family == AF_INET6;
  const std::string kind = family == AF_UNIX ? "Unix socket"
                           : !is_internet    ? "socket"
                           : is_stream       ? "TCP"
                                             : "UDP";
  const std::string here = SocketAddress(socket, &getsockname);
  const std::string there = SocketAddress(socket, &getpeername);
  std::string text = absl::StrCat(kind, here.empty() ? "" : " ", here);
  if (SocketOption(socket, SO_ACCEPTCONN) == 1) {
    return absl::StrCat(text, ", listening");
  }
  if (!there.empty()) return absl::StrCat(text, " to ", there);
  ucred peer = {};
  socklen_t size = sizeof(peer);
  if (family == AF_UNIX &&
      getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
      peer.pid > 0) {
    absl::StrAppend(&text, " to process ", peer.pid);
  }
  return text;
}

// What the link in /proc/PID/fd says; empty for one that is not open.
std::string ReadLink(const ProcDir& process, int32_t fd) {
  const std::string path = absl::StrCat("/proc/", process.pid(), "/fd/", fd);
  std::array<char, 4096> text;
  const ssize_t size = readlink(path.c_str(), text.data(), text.size());
  return size < 0 ? "" : std::string(text.data(), static_cast<size_t>(size));
}

// "anon_inode:[eventfd]", "pipe:[123]" -> what it is.
std::string KindOfLink(absl::string_view link) {
  if (absl::StartsWith(link, "anon_inode:")) {
    link.remove_prefix(strlen("anon_inode:"));
    if (absl::StartsWith(link, "[") && absl::EndsWith(link, "]")) {
      link = link.substr(1, link.size() - 2);
    }
    return std::string(link);
  }
  if (absl::StartsWith(link, "pipe:")) return "pipe";
  if (absl::StartsWith(link, "socket:")) return "socket";
  return std::string(link);
}

// To poll a file may be to ask somebody: who serves its file system. An epoll
// tidies up its list.
bool MayBePolled(absl::string_view link) {
  return absl::StartsWith(link, "pipe:") || absl::StartsWith(link, "socket:") ||
         (absl::StartsWith(link, "anon_inode:") &&
          !absl::StrContains(link, "eventpoll")) ||
         absl::StartsWith(link, "/dev/pts/") || link == "/dev/tty";
}

// Its fdinfo has the count, in hexadecimal digits.
std::optional<int64_t> EventfdCount(const ProcDir& process, int32_t fd) {
  const auto text = process.ReadFile(absl::StrCat("fdinfo/", fd));
  if (!text.ok()) return std::nullopt;
  for (const absl::string_view line : absl::StrSplit(*text, '\n')) {
    const std::pair<absl::string_view, absl::string_view> field =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    uint64_t count = 0;
    if (field.first == "eventfd-count" &&
        absl::SimpleHexAtoi(field.second, &count)) {
      return static_cast<int64_t>(std::min<uint64_t>(count, INT64_MAX));
    }
  }
  return std::nullopt;
}

void Poll(int file, FdFacts& facts) {
  pollfd polled = {.fd = file, .events = POLLIN | POLLOUT | POLLRDHUP};
  if (poll(&polled, 1, 0) < 0) return;
  facts.hung_up = (polled.revents & (POLLHUP | POLLERR | POLLRDHUP)) != 0;
  facts.readable =
      (polled.revents & (POLLIN | POLLHUP | POLLERR | POLLRDHUP)) != 0;
  facts.writable = (polled.revents & (POLLOUT | POLLHUP | POLLERR)) != 0;
}

}  // namespace

FdFacts LookAtFdOf(const ProcDir& process, int32_t fd) {
  FdFacts facts{.fd = fd};
  const std::string link = ReadLink(process, fd);
  facts.is_open = !link.empty();
  facts.what = Printable(KindOfLink(link));
  if (!facts.is_open) return facts;
  if (!MayBePolled(link)) return facts;
  const ScopedFd file = SecondDescriptor(process.pid(), fd);
  if (file.get() < 0) return facts;
  Poll(file.get(), facts);
  int bytes = 0;
  if (facts.what == "eventfd") {
    facts.unread = EventfdCount(process, fd);
  } else if ((facts.what == "pipe" || facts.what == "socket") &&
             ioctl(file.get(), FIONREAD, &bytes) == 0) {
    facts.unread = bytes;
  }
  if (facts.what == "socket") {
    facts.what = Printable(DescribeSocket(file.get()));
  }
  return facts;
}

}  // namespace hubspy
