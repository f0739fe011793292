#include "green/task_memory.h"

#include <cstdint>
#include <new>

#include "green/sanitizers.h"

namespace green::internal {
namespace {

constexpr size_t kGrain = 64;
constexpr size_t kClasses = 4;
constexpr uint32_t kMostPooled = 1024;  // of each class

struct Free {
  Free* next;
};

struct FreeList {
  Free* first = nullptr;
  uint32_t room = 0;  // none while the thread pools nothing
};

[[gnu::tls_model(
    "initial-exec")]] constinit thread_local FreeList free_lists[kClasses];

size_t ClassOf(size_t size) { return (size - 1) / kGrain; }

}  // namespace

void* AcquireTaskMemory(size_t size) {
  const size_t size_class = ClassOf(size);
  if (size_class >= kClasses) return ::operator new(size);
  FreeList& list = free_lists[size_class];
  Free* const first = list.first;
  if (first == nullptr) return ::operator new((size_class + 1) * kGrain);
  list.first = first->next;
  ++list.room;
  return first;
}

void ReleaseTaskMemory(void* memory, size_t size) noexcept {
  const size_t size_class = ClassOf(size);
  if (size_class >= kClasses || free_lists[size_class].room == 0) {
    ::operator delete(memory);
    return;
  }
  FreeList& list = free_lists[size_class];
  list.first = new (memory) Free{list.first};
  --list.room;
}

void StartPoolingTasks() {
#if !defined(GREEN_ASAN) && !defined(GREEN_TSAN)
  for (FreeList& list : free_lists) list.room = kMostPooled;
#endif
}

void StopPoolingTasks() {
  for (FreeList& list : free_lists) {
    list.room = 0;
    while (Free* const first = list.first) {
      list.first = first->next;
      ::operator delete(first);
    }
  }
}

}  // namespace green::internal
