// What a hub knows of file descriptors: which its poller watches, which are
// ready, and who waits for them.
//
// There are two kinds. One that a green::Socket owns is watched from its first
// wait on for every change, with one system call in its life; `ready` keeps
// what came of it until a call finds it used up. Any other fd is watched once
// for each wait, because nobody tells what its users do with it.
//
// The surprising part: a number is not a file. It may be closed and given to
// another file while green threads wait, or while an event for the old file is
// on its way; the registration tells which file is meant, and who waited for
// the old one is told that it was closed.
#ifndef GREEN_DESCRIPTORS_H_
#define GREEN_DESCRIPTORS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "green/poller.h"
#include "green/socket_fd.h"
#include "green/wait_list.h"

namespace green {

class Hub;

namespace internal {

enum class FdWait { kReady, kTimedOut, kClosed };

// One number, of whatever file it stands for.
struct Descriptor {
  WaitList readers;
  WaitList writers;
  uint32_t registration = 0;  // of what is watched now
  uint32_t closings = 0;      // see ClosingWatch
  uint32_t ready = 0;         // FdReadiness; of a socket's
  uint32_t watched = 0;       // FdReadiness; what its poller tells
  bool belongs_to_socket = false;

  WaitList& waiters(Direction direction) {
    return direction == Direction::kRead ? readers : writers;
  }
};

// Tells who gave way to others that the fd was closed meanwhile, and its owner
// perhaps destroyed.
class ClosingWatch {
 public:
  explicit ClosingWatch(const Descriptor& descriptor)
      : descriptor_(descriptor), closings_(descriptor.closings) {}
  bool closed() const { return descriptor_.closings != closings_; }

 private:
  const Descriptor& descriptor_;
  const uint32_t closings_;
};

class Descriptors {
 public:
  Descriptors(Hub& hub, Poller& poller);
  ~Descriptors();
  Descriptors(const Descriptors&) = delete;
  Descriptors& operator=(const Descriptors&) = delete;

  // The calling thread's hub's; the second, nullptr when it has no hub.
  static Descriptors& Current();
  static Descriptors* CurrentIfAny();

  // Whether the hub with this id is still there, in this process.
  static bool IsAlive(uint64_t id);

  // Never 0, and never another's in the life of a process.
  uint64_t id() const { return id_; }

  // A socket's file, from its first wait on; costs no system call.
  SocketRegistration Register(int fd);

  // Waits until `fd` may be ready, or Nudge(); at once when the last that was
  // heard of it is that it is. Who finds otherwise calls Drained() first.
  // kReady is a hint, to try the call. Throws std::logic_error when another
  // waits for the same already.
  FdWait Wait(int fd, const SocketRegistration& registration,
              Direction direction, int64_t timeout_ns);
  static bool MayBeReady(const SocketRegistration& registration,
                         Direction direction);
  static void Drained(const SocketRegistration& registration,
                      Direction direction);
  // The same, after a call that stopped short: not when there may be more.
  static void DrainedUnlessUnusual(const SocketRegistration& registration);

  // Lets those who wait look again, whatever they wait for.
  static void Nudge(const SocketRegistration& registration,
                    Direction direction);

  // Waits until any `fd`, as it is now, is ready. Throws std::system_error
  // when it cannot be waited for, and std::logic_error as Wait() does.
  FdWait WaitForAny(int fd, Direction direction, int64_t timeout_ns);

  // Before `fd` is closed: those who wait for it are told so, and nothing of
  // it is watched any more.
  void Close(int fd);

  // Must not outlive this.
  ClosingWatch WatchClosing(int fd) { return ClosingWatch(At(fd)); }

  // Lets those go on whom the poller's events concern.
  void Dispatch(std::span<const FdEvent> events);

  bool anything_awaited() const { return waiting_ > 0; }

  // The hub's time.
  int64_t NowNs();

  // To be called before each call that could block, by who makes many: lets
  // others run now and then, when the caller's peers are so fast that it never
  // has to wait. kReady, or kClosed.
  FdWait GiveWayIfGreedy(int fd);

 private:
  static constexpr size_t kChunk = 256;
  struct Chunk {
    Descriptor descriptors[kChunk];
  };

  Descriptor& At(int fd);
  Descriptor* Find(int fd);
  FdWait WaitIn(Descriptor& descriptor, int fd, Direction direction,
                int64_t timeout_ns);
  void RequireSole(Descriptor& descriptor, int fd, Direction direction);
  Poller::Watched WatchOnce(Descriptor& descriptor, int fd, uint32_t interest);
  void WatchAwaited(Descriptor& descriptor, int fd);
  void Renew(Descriptor& descriptor);
  void EndRegistration(Descriptor& descriptor);

  Hub& hub_;
  Poller& poller_;
  const uint64_t id_;
  uint32_t last_registration_ = 0;
  size_t waiting_ = 0;
  uint64_t greedy_since_ = 0;  // the hub's count of switches
  int greedy_calls_ = 0;
  // By number. A descriptor never moves.
  std::vector<std::unique_ptr<Chunk>> chunks_;
};

}  // namespace internal
}  // namespace green

#endif  // GREEN_DESCRIPTORS_H_
