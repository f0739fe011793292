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

}  // namespace green::internal

#endif  // GREEN_THREAD_ID_H_
