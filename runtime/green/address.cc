#include "green/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <system_error>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "green/offload.h"

namespace green {
namespace {

[[noreturn]] void ThrowNoAddress(absl::string_view text,
                                 absl::string_view why) {
  throw std::invalid_argument(absl::StrCat(
      "green::Address: \"", absl::CHexEscape(text), "\": ", why,
      " (known are \"host:port\", \"[::1]:port\", \":port\", \"unix:/path\", "
      "\"unix:@name\")"));
}

struct HostAndPort {
  std::string host;  // "" when left out
  uint16_t port = 0;
};

// C strings end there: the system would leave out what comes behind.
void RequireNoNul(absl::string_view text, absl::string_view part) {
  if (part.find('\0') != absl::string_view::npos) {
    ThrowNoAddress(text, "there is a NUL in it");
  }
}

HostAndPort Split(absl::string_view text) {
  RequireNoNul(text, text);
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) ThrowNoAddress(text, "has no port");
  absl::string_view host = text.substr(0, colon);
  const absl::string_view digits = text.substr(colon + 1);
  uint32_t port;
  const bool plain =
      digits.find_first_not_of("0123456789") == absl::string_view::npos;
  if (!plain || !absl::SimpleAtoi(digits, &port) || port > UINT16_MAX) {
    ThrowNoAddress(text, "the port is no number from 0 to 65535");
  }
  if (absl::ConsumePrefix(&host, "[")) {
    if (!absl::ConsumeSuffix(&host, "]")) {
      ThrowNoAddress(text, "a bracket is missing");
    }
    in6_addr ignored;
    if (inet_pton(AF_INET6, std::string(host).c_str(), &ignored) != 1) {
      ThrowNoAddress(text, "no IPv6 address in the brackets");
    }
  } else if (host.find(':') != absl::string_view::npos) {
    ThrowNoAddress(text, "an IPv6 address needs brackets");
  }
  return {std::string(host), static_cast<uint16_t>(port)};
}

template <typename Specific>
Address Make(const Specific& specific, size_t size = sizeof(Specific)) {
  sockaddr_storage storage = {};
  std::memcpy(&storage, &specific, size);
  return Address(storage, static_cast<socklen_t>(size));
}

template <typename Specific>
Specific As(const Address& address) {
  Specific specific = {};
  std::memcpy(&specific, address.data(),
              std::min<size_t>(address.size(), sizeof(specific)));
  return specific;
}

Address Ipv4(in_addr host, uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr = host;
  return Make(address);
}

Address Unix(absl::string_view text, absl::string_view path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.empty()) ThrowNoAddress(text, "the path is empty");
  const bool is_abstract = path[0] == '@';
  if (!is_abstract) RequireNoNul(text, path);
  // A path ends with a NUL, an abstract name begins with one instead (man 7
  // unix).
  if (path.size() + (is_abstract ? 0 : 1) > sizeof(address.sun_path)) {
    ThrowNoAddress(text, "the path is too long for a Unix socket");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  if (is_abstract) address.sun_path[0] = '\0';
  return Make(address, offsetof(sockaddr_un, sun_path) + path.size() +
                           (is_abstract ? 0 : 1));
}

class AddressErrors final : public std::error_category {
 public:
  const char* name() const noexcept override { return "getaddrinfo"; }
  std::string message(int code) const override { return gai_strerror(code); }
};

// Blocks the OS thread that it is called on while it asks.
std::vector<Address> LookUp(const std::string& host, uint16_t port) {
  static const AddressErrors* const errors = new AddressErrors;
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error =
      getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found,
                                                                 &freeaddrinfo);
  if (error != 0) {
    throw error == EAI_SYSTEM
        ? std::system_error(errno, std::generic_category(), host)
        : std::system_error(error, *errors, host);
  }
  std::vector<Address> addresses;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    sockaddr_storage storage = {};
    std::memcpy(&storage, at->ai_addr, at->ai_addrlen);
    addresses.emplace_back(storage, at->ai_addrlen);
  }
  return addresses;
}

}  // namespace

std::optional<Address> Address::Parse(absl::string_view text) {
  absl::string_view path = text;
  if (absl::ConsumePrefix(&path, "unix:")) return Unix(text, path);
  const HostAndPort parts = Split(text);
  in_addr ipv4 = {.s_addr = htonl(INADDR_ANY)};
  if (parts.host.empty() ||
      inet_pton(AF_INET, parts.host.c_str(), &ipv4) == 1) {
    return Ipv4(ipv4, parts.port);
  }
  sockaddr_in6 ipv6 = {};
  if (inet_pton(AF_INET6, parts.host.c_str(), &ipv6.sin6_addr) != 1) {
    return std::nullopt;
  }
  ipv6.sin6_family = AF_INET6;
  ipv6.sin6_port = htons(parts.port);
  return Make(ipv6);
}

std::string Address::ToString() const {
  char host[INET6_ADDRSTRLEN];
  switch (family()) {
    case AF_INET: {
      const auto address = As<sockaddr_in>(*this);
      inet_ntop(AF_INET, &address.sin_addr, host, sizeof(host));
      return absl::StrCat(host, ":", port());
    }
    case AF_INET6: {
      const auto address = As<sockaddr_in6>(*this);
      inet_ntop(AF_INET6, &address.sin6_addr, host, sizeof(host));
      return absl::StrCat("[", host, "]:", port());
    }
    case AF_UNIX: {
      const auto address = As<sockaddr_un>(*this);
      const size_t start = offsetof(sockaddr_un, sun_path);
      if (size_ <= start) return "unix:";
      // Of a path that leaves no room for its NUL, the system tells a size
      // with one.
      const size_t size = std::min(size_ - start, sizeof(address.sun_path));
      if (address.sun_path[0] == '\0') {
        return absl::StrCat("unix:@",
                            absl::string_view(address.sun_path + 1, size - 1));
      }
      return absl::StrCat(
          "unix:",
          absl::string_view(address.sun_path, strnlen(address.sun_path, size)));
    }
    default:
      return "";
  }
}

uint16_t Address::port() const {
  switch (family()) {
    case AF_INET:
      return ntohs(As<sockaddr_in>(*this).sin_port);
    case AF_INET6:
      return ntohs(As<sockaddr_in6>(*this).sin6_port);
    default:
      return 0;
  }
}

std::vector<Address> internal::ResolveAddress(absl::string_view text,
                                              AddressUse use) {
  const std::optional<Address> numeric = Address::Parse(text);
  if (!numeric.has_value()) {
    const HostAndPort parts = Split(text);
    return Offload(LookUp, parts.host, parts.port);
  }
  const bool is_bare_port = text[0] == ':';
  if (is_bare_port && use == AddressUse::kConnect) {
    return {Ipv4({.s_addr = htonl(INADDR_LOOPBACK)}, numeric->port())};
  }
  return {*numeric};
}

}  // namespace green
