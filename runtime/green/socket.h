// Stream sockets (TCP, Unix) that let other green threads run while they wait.
//
//   green::Listener listener = green::Listen("127.0.0.1:0");
//   green::Socket client = green::Connect(listener.address().ToString());
//   client.Write("ping");
//   green::Socket server = listener.Accept();
//   char buffer[512];
//   size_t size = server.Read(buffer, sizeof(buffer));  // 4
//
// A socket owns its fd. Its methods throw std::system_error that says what was
// tried; IoTimeout when it took too long, IoClosed when another green thread
// closed it meanwhile. One green thread may read it while another one writes;
// two that read are refused (wait_fd.h).
//
// Kill and green::Timeout end a wait and nothing else: bytes that were read
// are never lost. How much of a Write() was sent is not known afterwards, as
// after Python's sendall; WriteSome() tells.
//
// A socket belongs to the hub on which somebody waited for it first. Until
// then it may be handed to another OS thread, which is how one thread accepts
// for others. Later, waiting for it elsewhere throws std::logic_error;
// Release() it there and adopt the fd here. It must not be moved or assigned
// to while somebody waits in a method of it. In a forked child it works on,
// and the parent's is left alone.
//
// The surprising part: a call that need not wait does not, so a green thread
// whose peer is fast could run for ever. It gives way to others before every
// 128th such call.
#ifndef GREEN_SOCKET_H_
#define GREEN_SOCKET_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "green/address.h"
#include "green/socket_fd.h"
#include "green/wait_fd.h"

namespace green {

// The other side closed before everything came. What did come is still there
// to be read.
class EndOfStream : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Socket {
 public:
  // Closed.
  Socket() = default;

  // Owns `fd` from now on, which is a connected stream socket, and makes it
  // one that does not block and is not inherited. Throws std::system_error
  // when it is no stream socket, or listens; then it is the caller's as it was.
  static Socket Adopt(int fd);

  // Two that are connected with each other (Unix).
  static std::pair<Socket, Socket> Pair();

  Socket(Socket&&) noexcept = default;
  Socket& operator=(Socket&&) noexcept = default;
  ~Socket() = default;  // closes

  // Waits for some bytes: how many came, `size` at most; 0 at the end of the
  // stream, or when `size` is 0.
  size_t Read(void* into, size_t size);

  // Waits for all of them. Throws EndOfStream when fewer come. However it
  // fails, what came is read again by the next Read.
  void ReadExactly(void* into, size_t size);
  std::string ReadExactly(size_t size);

  // Everything up to the end of the stream. What came is read again when it
  // fails.
  std::string ReadToEnd();

  // Waits until all of it is on its way.
  void Write(const void* from, size_t size);
  void Write(absl::string_view bytes) { Write(bytes.data(), bytes.size()); }

  // Waits until some of it is: how much, at least 1 unless `size` is 0.
  size_t WriteSome(const void* from, size_t size);

  enum class Side { kRead, kWrite, kBoth };
  // The peer reads an end of stream after a shutdown of kWrite.
  void Shutdown(Side side);

  // At once. Who waits for it gets IoClosed. Closing a closed one is nothing.
  void Close() { fd_.Close(); }

  // How long one call may wait in all, by the hub's clock: for ever to begin
  // with. Zero or less does not wait at all.
  void SetReadTimeout(absl::Duration timeout);
  void SetWriteTimeout(absl::Duration timeout);

  // Small messages go at once, not gathered (TCP_NODELAY). Nothing happens on
  // a Unix socket.
  void SetNoDelay(bool no_delay);

  Address local_address() const;
  Address peer_address() const;

  // -1 when closed. Still the socket's.
  int fd() const { return fd_.fd(); }
  bool is_open() const { return fd_.is_open(); }

  // Gives the fd up, to the caller; not what a read that failed has left. Who
  // waits for it gets IoClosed.
  int Release() { return fd_.Release(); }

 private:
  friend class Listener;
  friend class Server;
  friend Socket Connect(absl::string_view address, absl::Duration timeout);

  Socket(int fd, int family);

  size_t ReadSome(void* into, size_t size, internal::Patience& patience,
                  const char* method);
  size_t WriteSome(const void* from, size_t size, internal::Patience& patience,
                   const char* method);
  size_t TakeUnread(void* into, size_t size);
  void Unread(const char* bytes, size_t size);

  internal::SocketFd fd_;
  bool is_tcp_ = false;
  int64_t read_timeout_ns_ = INT64_MAX;
  int64_t write_timeout_ns_ = INT64_MAX;
  // Was read, but by a call that failed.
  std::unique_ptr<std::string> unread_;
};

// Connects to `address` (address.h), to the first that answers when it is a
// name that stands for several. Throws IoTimeout when none has within
// `timeout`, in all, and std::system_error when all refuse; a Unix listener
// does so with EAGAIN while its backlog is full.
Socket Connect(absl::string_view address,
               absl::Duration timeout = absl::InfiniteDuration());

struct ListenOptions {
  // Connections that are made but not accepted yet; the system may cap it.
  int backlog = 1024;

  // Bind an address whose last user's connections are still dying.
  bool reuse_address = true;

  // Several sockets listen on the same port, of several threads or processes,
  // and the system deals out what comes. They all have to ask for it.
  bool reuse_port = false;
};

// A socket that listens. A Unix socket's path must not exist, and stays when
// it is closed.
class Listener {
 public:
  // Closed.
  Listener() = default;

  // Owns `fd`, which listens already, as a service manager hands it over.
  // Throws std::system_error when it does not; then it is the caller's as it
  // was.
  static Listener Adopt(int fd);

  // Waits for a connection. Throws IoTimeout after `timeout`. When the process
  // has no fds left (std::errc::too_many_files_open), the connection stays in
  // line.
  Socket Accept(absl::Duration timeout = absl::InfiniteDuration());

  // Who waits in Accept() gets IoClosed.
  void Close() { fd_.Close(); }

  Address address() const;
  int fd() const { return fd_.fd(); }
  bool is_open() const { return fd_.is_open(); }
  int Release() { return fd_.Release(); }

 private:
  friend class Server;
  friend Listener Listen(absl::string_view address,
                         const ListenOptions& options);

  Listener(int fd, int family);

  internal::SocketFd fd_{-1, "green::Listener"};
  int family_ = 0;
};

Listener Listen(absl::string_view address, const ListenOptions& options = {});

}  // namespace green

#endif  // GREEN_SOCKET_H_
