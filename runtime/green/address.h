// Where a socket is, or is to be.
//
//   "127.0.0.1:8080"   "[::1]:8080"   "localhost:8080"   ":8080"
//   "unix:/run/app.sock"              "unix:@abstract"
//
// Port 0 asks the operating system for a free one; Socket::local_address()
// tells which it gave.
//
// The surprising part: ":8080" is every IPv4 address of the machine when one
// listens, as ('', 8080) is in eventlet, and the machine itself (127.0.0.1)
// when one connects.
#ifndef GREEN_ADDRESS_H_
#define GREEN_ADDRESS_H_

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace green {

class Address {
 public:
  // Of no socket; prints as "".
  Address() = default;

  // Of numbers and paths, without asking anybody; nothing when the host is a
  // name. Throws std::invalid_argument when `text` is no address, as the port
  // 65536 or the path that is too long for a Unix socket is none.
  static std::optional<Address> Parse(absl::string_view text);

  // As the operating system tells it.
  Address(const sockaddr_storage& storage, socklen_t size)
      : storage_(storage), size_(size) {}

  // As above, so that Parse() reads it; "unix:" is a Unix socket without a
  // name.
  std::string ToString() const;

  // 0 for a Unix socket.
  uint16_t port() const;

  // For the operating system.
  int family() const { return storage_.ss_family; }
  const sockaddr* data() const {
    return reinterpret_cast<const sockaddr*>(&storage_);
  }
  socklen_t size() const { return size_; }

 private:
  sockaddr_storage storage_ = {};
  socklen_t size_ = 0;
};

namespace internal {

enum class AddressUse { kListen, kConnect };

// All that `text` means, best first, never none; may ask a name server, while
// other green threads go on. Throws std::invalid_argument as Parse() does,
// std::system_error when the name is not known, and std::logic_error for a name
// in a hub's callback, which must not wait.
std::vector<Address> ResolveAddress(absl::string_view text, AddressUse use);

}  // namespace internal
}  // namespace green

#endif  // GREEN_ADDRESS_H_
