#include <signal.h>
#include <sys/mman.h>

#include <new>

#include "green/stack_memory.h"

namespace green::internal {

void* MapStackMemory(size_t size) {
  void* const address = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (address == MAP_FAILED) throw std::bad_alloc();
  return address;
}

void InstallStackGuard(void* page, size_t size) {
  if (mprotect(page, size, PROT_NONE) != 0) throw std::bad_alloc();
}

// MADV_DONTNEED is a hint about the future there. These pages are taken when
// the system needs some, and counted as the process's until then.
void GiveBackStackMemory(void* begin, size_t size) {
  madvise(begin, size, MADV_FREE);
}

// The second for memory that is there, but protected.
std::span<const int> StackGuardSignals() {
  static constexpr int kSignals[] = {SIGSEGV, SIGBUS};
  return kSignals;
}

}  // namespace green::internal
