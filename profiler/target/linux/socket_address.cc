#include "target/linux/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace hubspy {
namespace {

std::string InternetAddress(const sockaddr_storage& storage) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (storage.ss_family == AF_INET) {
    sockaddr_in in;
    std::memcpy(&in, &storage, sizeof(in));
    inet_ntop(AF_INET, &in.sin_addr, text.data(), text.size());
    return absl::StrCat(text.data(), ":", ntohs(in.sin_port));
  }
  sockaddr_in6 in6;
  std::memcpy(&in6, &storage, sizeof(in6));
  inet_ntop(AF_INET6, &in6.sin6_addr, text.data(), text.size());
  return absl::StrCat("[", text.data(), "]:", ntohs(in6.sin6_port));
}

std::string UnixAddress(const sockaddr_storage& storage, socklen_t size) {
  sockaddr_un local;
  std::memcpy(&local, &storage, sizeof(local));
  const size_t begin = offsetof(sockaddr_un, sun_path);
  if (size <= begin) return "";  // it has none
  std::string path(local.sun_path,
                   std::min<size_t>(size - begin, sizeof(local.sun_path)));
  if (path[0] == '\0') return absl::StrCat("@", path.substr(1));
  return path.substr(0, path.find('\0'));
}

}  // namespace

std::string SocketAddressText(const sockaddr_storage& address, socklen_t size) {
  if (size < sizeof(address.ss_family)) return "";
  if (address.ss_family == AF_UNIX) return UnixAddress(address, size);
  if (address.ss_family == AF_INET || address.ss_family == AF_INET6) {
    return InternetAddress(address);
  }
  return "";
}

}  // namespace hubspy
