#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <new>

#include "green/thread_id.h"

namespace green::internal {
namespace {

constinit std::atomic<uint64_t> forks = 0;

}  // namespace

uint32_t CurrentProcessId() { return static_cast<uint32_t>(getpid()); }

void AroundFork(void (*before)(), void (*in_parent)(), void (*in_child)()) {
  if (pthread_atfork(before, in_parent, in_child) != 0) throw std::bad_alloc();
}

uint64_t ForksSinceStart() {
  [[maybe_unused]] static const bool counts = [] {
    AroundFork(nullptr, nullptr, [] { ++forks; });
    return true;
  }();
  return forks.load(std::memory_order_relaxed);
}

}  // namespace green::internal
