// Memory for tasks, of which a busy server makes one for each request: pooled
// by each OS thread, so that the next one costs a few instructions.
//
// The surprising part: a sanitized build pools nothing, so that the sanitizer
// sees every use of a task that is gone.
#ifndef GREEN_TASK_MEMORY_H_
#define GREEN_TASK_MEMORY_H_

#include <cstddef>

namespace green::internal {

// Throws std::bad_alloc.
void* AcquireTaskMemory(size_t size);
void ReleaseTaskMemory(void* memory, size_t size) noexcept;

// The calling thread pools nothing before the first and after the second, which
// gives back what it has pooled.
void StartPoolingTasks();
void StopPoolingTasks();

}  // namespace green::internal

#endif  // GREEN_TASK_MEMORY_H_
