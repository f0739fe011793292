// What the watchdog needs of the operating system.
#ifndef GREEN_WATCHDOG_SYSTEM_H_
#define GREEN_WATCHDOG_SYSTEM_H_

#include <cstdint>
#include <memory>
#include <span>

#include "green/traceback.h"

namespace green::internal {

// Signals that programs leave to libraries, those first that are the likeliest
// to be left.
std::span<const int> SpareSignals();

// Where the calling thread's own stack is; unknown when the system does not
// tell.
StackBounds StackOfThisThread();

// A semaphore that a signal handler may post.
class HandlerSemaphore {
 public:
  HandlerSemaphore();  // throws std::system_error
  ~HandlerSemaphore();
  HandlerSemaphore(const HandlerSemaphore&) = delete;
  HandlerSemaphore& operator=(const HandlerSemaphore&) = delete;

  // Safe in a signal handler.
  void Post();

  void Wait();
  // False: there was no post in all that time.
  bool WaitSeconds(int seconds);
  // Takes back all posts that nobody has waited for.
  void Clear();

 private:
  struct System;
  const std::unique_ptr<System> system_;
};

}  // namespace green::internal

#endif  // GREEN_WATCHDOG_SYSTEM_H_
