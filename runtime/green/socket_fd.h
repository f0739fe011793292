// An fd that green threads wait for, and its owner: what sockets are made of.
#ifndef GREEN_SOCKET_FD_H_
#define GREEN_SOCKET_FD_H_

#include <cstdint>

namespace green::internal {

struct Descriptor;
class Patience;

enum class Direction { kRead, kWrite };

// Names a socket's registration with a hub's Descriptors.
struct SocketRegistration {
  uint64_t hub = 0;  // Descriptors::id(); 0: none
  uint32_t registration = 0;
  Descriptor* descriptor = nullptr;
};

// The surprising part: whoever waits in a method of it may find it destroyed
// when the wait is over, because another green thread closed it. Nothing of it
// is looked at then.
class SocketFd {
 public:
  SocketFd() = default;
  // `fd` does not block; `owner` begins messages ("green::Socket").
  SocketFd(int fd, const char* owner) : fd_(fd), owner_(owner) {}
  SocketFd(SocketFd&& other) noexcept;
  SocketFd& operator=(SocketFd&& other) noexcept;
  ~SocketFd() { Close(); }

  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  void Close();
  int Release();

  // Makes call(fd), which returns -1 and sets errno when it fails, as often as
  // it would block, and waits in between, together no longer than
  // `patience`. What it returned at last. `method` is for messages. Throws
  // std::system_error, IoTimeout, IoClosed, and what is thrown into the wait.
  // Only for who includes socket_fd_do.h.
  template <typename Call>
  int64_t Do(Direction direction, Patience& patience, const char* method,
             Call call);

  // After a call that did less than was asked for: the next one would block.
  // After a read only of a socket (TCP) that hands out all it has.
  void StoppedShort(Direction direction);

  // Waits until the fd may be ready, or Nudge(): false when there was no time.
  bool Await(Direction direction, int64_t timeout_ns, const char* method);

  // Lets who waits look again.
  void Nudge(Direction direction);

  [[noreturn]] void Throw(const char* method, int error) const;
  void RequireOpen(const char* method) const;

 private:
  // By all that is known; true when nothing is.
  bool MayBeReady(Direction direction) const;
  void WouldBlock(Direction direction);
  void GiveUp();
  [[noreturn]] static void ThrowClosed(const char* owner, const char* method,
                                       int fd);

  int fd_ = -1;
  const char* owner_ = "green::Socket";
  SocketRegistration registration_;
};

}  // namespace green::internal

#endif  // GREEN_SOCKET_FD_H_
