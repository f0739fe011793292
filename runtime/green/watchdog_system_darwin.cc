#include <mach/mach.h>
#include <pthread.h>
#include <signal.h>

#include <cerrno>
#include <system_error>

#include "green/watchdog_system.h"

namespace green::internal {

// There are no real-time signals. These are ignored unless they are handled, or
// used by hardly anybody; SIGUSR1 and SIGUSR2 are for programs.
std::span<const int> SpareSignals() {
  static constexpr int kSignals[] = {SIGEMT, SIGINFO, SIGIO};
  return kSignals;
}

StackBounds StackOfThisThread() {
  const pthread_t self = pthread_self();
  const auto end = reinterpret_cast<uint64_t>(pthread_get_stackaddr_np(self));
  return {.begin = end - pthread_get_stacksize_np(self), .end = end};
}

// Mach's: POSIX's without a name are not there, and signalling one of these is
// a single trap.
struct HandlerSemaphore::System {
  semaphore_t semaphore = MACH_PORT_NULL;
};

HandlerSemaphore::HandlerSemaphore() : system_(std::make_unique<System>()) {
  if (semaphore_create(mach_task_self(), &system_->semaphore, SYNC_POLICY_FIFO,
                       0) != KERN_SUCCESS) {
    throw std::system_error(ENOMEM, std::generic_category(),
                            "green: semaphore_create");
  }
}

HandlerSemaphore::~HandlerSemaphore() {
  semaphore_destroy(mach_task_self(), system_->semaphore);
}

void HandlerSemaphore::Post() { semaphore_signal(system_->semaphore); }

void HandlerSemaphore::Wait() {
  while (semaphore_wait(system_->semaphore) == KERN_ABORTED) {
  }
}

bool HandlerSemaphore::WaitSeconds(int seconds) {
  const mach_timespec_t time = {.tv_sec = static_cast<unsigned>(seconds),
                                .tv_nsec = 0};
  for (;;) {
    const kern_return_t result = semaphore_timedwait(system_->semaphore, time);
    if (result == KERN_SUCCESS) return true;
    if (result != KERN_ABORTED) return false;
  }
}

void HandlerSemaphore::Clear() {
  while (semaphore_timedwait(system_->semaphore, {.tv_sec = 0, .tv_nsec = 0}) ==
         KERN_SUCCESS) {
  }
}

}  // namespace green::internal
