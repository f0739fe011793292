#include <pthread.h>
#include <unistd.h>

#include <cstring>

#include "green/thread_id.h"

namespace green::internal {

// Counted up from boot, for all processes: 32 bits are enough of them.
uint32_t CurrentThreadId() {
  uint64_t id = 0;
  pthread_threadid_np(nullptr, &id);
  return static_cast<uint32_t>(id);
}

void NameCurrentThread(const char* name) {
  char cut[16] = {};
  std::strncpy(cut, name, sizeof(cut) - 1);
  pthread_setname_np(cut);
}

}  // namespace green::internal
