// Another task's memory, by mach_vm_read_overwrite: copied by the kernel, while
// the task runs on.
#ifndef HUBSPY_TARGET_DARWIN_TASK_MEMORY_H_
#define HUBSPY_TARGET_DARWIN_TASK_MEMORY_H_

#include <mach/mach.h>

#include "target/memory.h"

namespace hubspy {

class TaskMemory : public Memory {
 public:
  // Borrows the right, which may be one to read only.
  explicit TaskMemory(mach_port_t task) : task_(task) {}

  size_t Read(Address from, absl::Span<std::byte> into) const override;

 private:
  mach_port_t task_;
};

}  // namespace hubspy

#endif  // HUBSPY_TARGET_DARWIN_TASK_MEMORY_H_
