// How we can open the very files that a target has mapped.
//
// In this order: the target's own path, when it leads us to the mapped file
// too, because that works even after the target is gone; the path seen through
// /proc/PID/root, for a target in another mount namespace (a container);
// /proc/PID/map_files, for a file that was deleted or replaced, which needs
// CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE; /proc/PID/exe, for the same without
// a privilege, if it is the program itself.
//
// The surprising part: device numbers do not settle it. They differ between
// /proc and stat(2) on btrfs and on overlay file systems. A target's own path
// with the mapped file's inode number is enough, because as long as a file is
// mapped, its file system cannot give its number to another one. Only our own
// view of the path may be of another file system, and has to agree on more.
#ifndef HUBSPY_TARGET_LINUX_MAPPED_FILES_H_
#define HUBSPY_TARGET_LINUX_MAPPED_FILES_H_

#include <cstdint>
#include <vector>

#include "model/mapping.h"

namespace hubspy {

// `mappings` with their `open_path`s filled in. `tid`: a living thread of the
// target. Each file is looked for once, however many mappings it has.
std::vector<Mapping> WithOpenPaths(int32_t tid, std::vector<Mapping> mappings);

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LINUX_MAPPED_FILES_H_
