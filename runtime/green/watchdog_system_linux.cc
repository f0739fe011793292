#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <time.h>

#include <cerrno>
#include <numeric>
#include <system_error>
#include <vector>

#include "green/watchdog_system.h"

namespace green::internal {

// The real-time signals, from the highest down.
std::span<const int> SpareSignals() {
  static const std::vector<int> signals = [] {
    std::vector<int> all(static_cast<size_t>(SIGRTMAX - SIGRTMIN + 1));
    std::iota(all.rbegin(), all.rend(), SIGRTMIN);
    return all;
  }();
  return signals;
}

StackBounds StackOfThisThread() {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return {};
  void* begin = nullptr;
  size_t size = 0;
  pthread_attr_getstack(&attributes, &begin, &size);
  pthread_attr_destroy(&attributes);
  const auto address = reinterpret_cast<uint64_t>(begin);
  return {.begin = address, .end = address + size};
}

struct HandlerSemaphore::System {
  sem_t semaphore;
};

HandlerSemaphore::HandlerSemaphore() : system_(std::make_unique<System>()) {
  if (sem_init(&system_->semaphore, 0, 0) != 0) {
    throw std::system_error(errno, std::generic_category(), "green: sem_init");
  }
}

HandlerSemaphore::~HandlerSemaphore() { sem_destroy(&system_->semaphore); }

void HandlerSemaphore::Post() { sem_post(&system_->semaphore); }

void HandlerSemaphore::Wait() {
  while (sem_wait(&system_->semaphore) != 0) {
  }
}

bool HandlerSemaphore::WaitSeconds(int seconds) {
  timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += seconds;
  while (sem_timedwait(&system_->semaphore, &until) != 0) {
    if (errno != EINTR) return false;
  }
  return true;
}

void HandlerSemaphore::Clear() {
  while (sem_trywait(&system_->semaphore) == 0) {
  }
}

}  // namespace green::internal
