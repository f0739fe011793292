#include <pthread.h>
#include <unistd.h>

#include <cstring>

#include "green/thread_id.h"

namespace green::internal {

uint32_t CurrentThreadId() { return static_cast<uint32_t>(gettid()); }

void NameCurrentThread(const char* name) {
  // Longer ones are refused (man 3 pthread_setname_np).
  char cut[16] = {};
  std::strncpy(cut, name, sizeof(cut) - 1);
  pthread_setname_np(pthread_self(), cut);
}

}  // namespace green::internal
