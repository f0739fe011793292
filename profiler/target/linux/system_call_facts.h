// A system call in progress, as one would write it down: its arguments decoded,
// as far as they tell what is waited for.
//
// The surprising part: arguments point into memory that another thread may be
// changing. What is read of it is bounded, made printable, and taken for a
// hint.
#ifndef HUBSPY_TARGET_LINUX_SYSTEM_CALL_FACTS_H_
#define HUBSPY_TARGET_LINUX_SYSTEM_CALL_FACTS_H_

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "model/kernel_facts.h"
#include "model/snapshot.h"
#include "target/memory.h"

namespace hubspy {

CallFacts ExplainSystemCall(
    const SystemCall& call, const Memory& memory,
    absl::FunctionRef<FdFacts(int32_t fd)> look_at_fd,
    // The thread that has this id in the target's own namespace; nullopt: it
    // has no such thread.
    absl::FunctionRef<std::optional<ThreadId>(int32_t tid)> find_thread);

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LINUX_SYSTEM_CALL_FACTS_H_
