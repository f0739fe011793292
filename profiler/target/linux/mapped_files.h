// How we can open the very files that a target has mapped.
//
// In this order: the target's own path, when it leads us to the mapped file
// too, because that works even after the target is gone; the path seen through
// /proc/PID/root, for a target in another mount namespace (a container);
// /proc/PID/map_files, for a file that was deleted or replaced, which needs
// CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE; /proc/PID/exe, for the same without
// a privilege, if it is the program itself.
//
// The surprising part: files are told apart by inode number alone. A mapped
// file's inode cannot be given to another one, while its device number differs
// between /proc and stat(2) on btrfs and overlay file systems.
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
