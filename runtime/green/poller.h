// How a hub waits: the one place where its thread sleeps, and where it learns
// what became of the file descriptors that its green threads wait for.
//
// A hub calls Wait() when nothing is ready and no timer is due, and now and
// then with no time to wait, so that green threads that are always ready do not
// keep it from looking.
//
// The surprising part: Wait() may return early, for any reason or none; the hub
// looks at its clock and waits again. It must never return late on purpose.
#ifndef GREEN_POLLER_H_
#define GREEN_POLLER_H_

#include <cstdint>
#include <memory>
#include <span>

namespace green {

// Or-ed together.
enum FdReadiness : uint32_t {
  kFdReadable = 1,  // a read would not block: data, the end, or an error
  kFdWritable = 2,
  // Something besides plain data: the end of the stream, an error, urgent
  // data. There may be more to read than a read that stopped short tells.
  kFdUnusual = 4,
};

struct FdEvent {
  uint64_t tag = 0;  // as given to Watch...()
  uint32_t ready = 0;
};

class Poller {
 public:
  virtual ~Poller() = default;

  // Waits for `timeout_ns` (0: only looks), or until Wake(), or until there are
  // events.
  virtual void Wait(int64_t timeout_ns) = 0;

  // Ends the Wait() that goes on, or else the next one. May be called by any
  // thread, and by a signal handler.
  virtual void Wake() = 0;

  // What the last Wait() found; good until the next. A poller that does not
  // override this and what follows is one for hubs on which nothing waits for
  // a file descriptor; Watch...() throw std::logic_error then.
  virtual std::span<const FdEvent> Events() const { return {}; }

  // From now on, an event each time that `fd` becomes ready in one of the ways
  // of `interest` (kFdReadable, kFdWritable), and one if it is ready now.
  // Replaces what was asked for `fd` before. Throws std::system_error.
  virtual void WatchChanges(int fd, uint64_t tag, uint32_t interest);

  enum class Watched {
    kAgain,        // the same file as was watched under this number before
    kNew,          // or another one
    kAlwaysReady,  // a regular file, for which there is nothing to wait
  };
  // One event, as soon as `fd` is ready in one of the ways of `interest`.
  // Replaces what was asked for `fd` before. Throws std::system_error.
  virtual Watched WatchOnce(int fd, uint64_t tag, uint32_t interest);

  // No more events of `fd`, which may be closed already, but for those that
  // the last Wait() found.
  virtual void Unwatch(int fd);
};

namespace internal {

// The operating system's. Throws std::system_error when it gives none.
std::unique_ptr<Poller> MakePoller();

}  // namespace internal
}  // namespace green

#endif  // GREEN_POLLER_H_
