#include <pthread.h>
#include <unistd.h>

#include <new>

#include "green/thread_id.h"

namespace green::internal {

uint32_t CurrentThreadId() { return static_cast<uint32_t>(gettid()); }

uint32_t CurrentProcessId() { return static_cast<uint32_t>(getpid()); }

void AroundFork(void (*before)(), void (*in_parent)(), void (*in_child)()) {
  if (pthread_atfork(before, in_parent, in_child) != 0) throw std::bad_alloc();
}

}  // namespace green::internal
