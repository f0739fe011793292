#include <signal.h>
#include <sys/mman.h>

#include <new>

#include "green/stack_memory.h"

namespace green::internal {
namespace {

// A guard in the page table instead of a mapping of its own: Linux 6.13,
// include/uapi/asm-generic/mman-common.h. Older headers do not have it.
constexpr int kMadvGuardInstall = 102;

}  // namespace

void* MapStackMemory(size_t size) {
  void* const address =
      mmap(nullptr, size, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (address == MAP_FAILED) throw std::bad_alloc();
  // A huge page would make one touched page of a stack cost 2 MiB. A kernel
  // without huge pages refuses, rightly.
  madvise(address, size, MADV_NOHUGEPAGE);
  return address;
}

void InstallStackGuard(void* page, size_t size) {
  if (madvise(page, size, kMadvGuardInstall) == 0) return;
  if (mprotect(page, size, PROT_NONE) != 0) throw std::bad_alloc();
}

// MADV_DONTNEED keeps guard marks and protections.
void GiveBackStackMemory(void* begin, size_t size) {
  madvise(begin, size, MADV_DONTNEED);
}

std::span<const int> StackGuardSignals() {
  static constexpr int kSignals[] = {SIGSEGV};
  return kSignals;
}

}  // namespace green::internal
