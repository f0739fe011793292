// The control groups that a thread is in, of both versions of the interface:
// which is frozen, and which limits its CPU time.
//
// Pure but for LookAtCgroups: mount table and membership in, folders out.
//
// The surprising part: both versions are often mounted side by side, each with
// some of the controllers. A thread is in a group of each.
#ifndef HUBSPY_TARGET_LINUX_CGROUPS_H_
#define HUBSPY_TARGET_LINUX_CGROUPS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "model/kernel_facts.h"

namespace hubspy {

// A group's folder, and how /proc names the group.
struct CgroupFolder {
  std::string folder;  // "/sys/fs/cgroup/system.slice"
  std::string name;    // "/system.slice"
  friend bool operator==(const CgroupFolder&, const CgroupFolder&) = default;
};

struct CgroupFolders {
  // From the thread's own group up to the mount's root.
  std::vector<CgroupFolder> unified;  // cgroup v2
  std::vector<CgroupFolder> freezer;  // of v1
  std::vector<CgroupFolder> cpu;      // of v1
};

// `membership`: /proc/PID/cgroup. `mounts`: /proc/self/mountinfo. At most 64
// levels of each.
CgroupFolders FindCgroups(absl::string_view membership,
                          absl::string_view mounts);

// What the files in these folders say now.
CgroupFacts LookAtCgroups(const CgroupFolders& folders);

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LINUX_CGROUPS_H_
