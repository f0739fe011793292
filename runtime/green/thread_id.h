// Who the calling thread is to the operating system.
#ifndef GREEN_THREAD_ID_H_
#define GREEN_THREAD_ID_H_

#include <cstdint>

namespace green::internal {

uint32_t CurrentThreadId();
uint32_t CurrentProcessId();

// Has the thread that forks call `before`, and then one of the others in the
// parent and in the child, from now on.
void AroundFork(void (*before)(), void (*in_parent)(), void (*in_child)());

// How many forks lie between the first process of this program and this one.
// Safe in a signal handler after the first call.
uint64_t ForksSinceStart();

// What observers see as the calling thread's name: its first 15 bytes.
void NameCurrentThread(const char* name);

}  // namespace green::internal

#endif  // GREEN_THREAD_ID_H_
