// The memory that stacks are made of, as the operating system gives it.
#ifndef GREEN_STACK_MEMORY_H_
#define GREEN_STACK_MEMORY_H_

#include <cstddef>
#include <span>

namespace green::internal {

// Zeroed, in pages that cost nothing before they are touched, one by one. To be
// unmapped by munmap(2). Throws std::bad_alloc.
void* MapStackMemory(size_t size);

// Makes whoever touches [page, page + size) fault. Throws std::bad_alloc.
void InstallStackGuard(void* page, size_t size);

// Of memory whose content is needed no more; it stays usable, and guards in it
// stay guards.
void GiveBackStackMemory(void* begin, size_t size);

// The signals by which the system tells of such a fault.
std::span<const int> StackGuardSignals();

}  // namespace green::internal

#endif  // GREEN_STACK_MEMORY_H_
