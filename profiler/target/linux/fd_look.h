// What a file descriptor of another process is, and whether it is ready.
//
// The surprising part: no file of /proc tells whether an fd is ready. A second
// descriptor of the same open file does (pidfd_getfd(2), Linux 5.6), by poll(2)
// with no time to wait, which changes nothing; it is closed again at once.
#ifndef HUBSPY_TARGET_LINUX_FD_LOOK_H_
#define HUBSPY_TARGET_LINUX_FD_LOOK_H_

#include <cstdint>

#include "model/kernel_facts.h"
#include "target/linux/proc_dir.h"

namespace hubspy {

// Where the second descriptor cannot be had, `what` is all there is.
FdFacts LookAtFdOf(const ProcDir& process, int32_t fd);

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LINUX_FD_LOOK_H_
