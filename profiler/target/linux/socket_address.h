// The address of a socket as people write it.
#ifndef HUBSPY_TARGET_LINUX_SOCKET_ADDRESS_H_
#define HUBSPY_TARGET_LINUX_SOCKET_ADDRESS_H_

#include <sys/socket.h>

#include <string>

namespace hubspy {

// "127.0.0.1:80", "[::1]:80", "/run/app", "@abstract"; empty for one that has
// none, or is of another kind. Not printable: a Unix socket's may be anything.
// `size`: so many bytes of it are there.
std::string SocketAddressText(const sockaddr_storage& address, socklen_t size);

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LINUX_SOCKET_ADDRESS_H_
