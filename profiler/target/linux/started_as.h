// By which name a target's program was started.
//
// The surprising part: the kernel lists the file that a link led to. Debian's
// redis-server is a link to redis-check-rdb, and nobody who profiles the server
// knows the other name. The name that exec was given lies in the target's
// memory (AT_EXECFN, getauxval(3)), where the target may write what it likes:
// so it counts only if it leads to the program's file.
#ifndef HUBSPY_TARGET_LINUX_STARTED_AS_H_
#define HUBSPY_TARGET_LINUX_STARTED_AS_H_

#include <vector>

#include "model/mapping.h"
#include "target/linux/proc_dir.h"
#include "target/memory.h"

namespace hubspy {

// `mappings` with `started_as` filled in where the program was started by a
// link. `tid`: a living thread of the target.
std::vector<Mapping> WithStartedAs(const ProcDir& directory, int32_t tid,
                                   const Memory& memory,
                                   std::vector<Mapping> mappings);

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LINUX_STARTED_AS_H_
