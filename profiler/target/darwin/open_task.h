// The right to look at a process, or why there is none.
#ifndef HUBSPY_TARGET_DARWIN_OPEN_TASK_H_
#define HUBSPY_TARGET_DARWIN_OPEN_TASK_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "target/darwin/mach_port.h"

namespace hubspy {

// Of a running process, of our architecture. Errors as Process::Open. A right
// to read is enough where the system gives no more: it reads memory and
// registers, suspends and resumes (xnu, osfmk/mach/thread_act.defs and
// mach_vm.defs: thread_read_t, vm_map_read_t).
absl::StatusOr<MachPort> OpenTask(int32_t pid);

// The file name of its program, printable; empty when it is gone.
std::string ProgramName(int32_t pid);

// False once it is gone or a zombie.
bool IsAlive(int32_t pid);

}  // namespace hubspy

#endif  // HUBSPY_TARGET_DARWIN_OPEN_TASK_H_
