// How a hub waits: the one place where its thread sleeps.
//
// A hub calls Wait() only when nothing is ready and no timer is due.
//
// The surprising part: Wait() may return early, for any reason or none; the hub
// looks at its clock and waits again. It must never return late on purpose.
#ifndef GREEN_POLLER_H_
#define GREEN_POLLER_H_

#include <cstdint>
#include <memory>

namespace green {

class Poller {
 public:
  virtual ~Poller() = default;

  // Waits for `timeout_ns` (above 0), or until Wake().
  virtual void Wait(int64_t timeout_ns) = 0;

  // Ends the Wait() that goes on, or else the next one. May be called by any
  // thread, and by a signal handler.
  virtual void Wake() = 0;
};

namespace internal {

// The operating system's. Throws std::system_error when it gives none.
std::unique_ptr<Poller> MakePoller();

}  // namespace internal
}  // namespace green

#endif  // GREEN_POLLER_H_
