#include "target/process_tree.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "target/linux/proc_dir.h"
#include "target/linux/proc_files.h"

namespace hubspy {
namespace {

std::vector<int32_t> ProcessIds() {
  const auto closer = [](DIR* d) { closedir(d); };
  const std::unique_ptr<DIR, decltype(closer)> directory(opendir("/proc"),
                                                         closer);
  std::vector<int32_t> ids;
  if (directory == nullptr) return ids;
  while (const dirent* entry = readdir(directory.get())) {
    int32_t id = 0;
    if (absl::SimpleAtoi(entry->d_name, &id)) ids.push_back(id);
  }
  return ids;
}

// 0: it is gone.
int32_t ParentOf(int32_t pid) {
  const std::string path = absl::StrCat("/proc/", pid, "/stat");
  const ScopedFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 2048> buffer;
  const auto text = ReadText(file, absl::MakeSpan(buffer));
  if (!text.ok()) return 0;
  const absl::StatusOr<ThreadStat> stat = ParseStat(*text);
  return stat.ok() ? stat->parent_id : 0;
}

// Those that are no more.
void KeepOnly(const absl::flat_hash_set<int32_t>& present,
              absl::flat_hash_set<int32_t>& ids) {
  absl::erase_if(ids, [&](int32_t id) { return !present.contains(id); });
}

}  // namespace

std::vector<int32_t> ProcessTree::FindNew() {
  const std::vector<int32_t> pids = ProcessIds();
  const absl::flat_hash_set<int32_t> present(pids.begin(), pids.end());
  KeepOnly(present, members_);
  KeepOnly(present, strangers_);
  std::vector<std::pair<int32_t, int32_t>> unknown;  // and its parent
  for (const int32_t pid : pids) {
    if (members_.contains(pid) || strangers_.contains(pid)) continue;
    if (const int32_t parent = ParentOf(pid)) unknown.emplace_back(pid, parent);
  }
  // Ids begin again from the lowest: a child's may be below its parent's.
  std::vector<int32_t> found;
  bool grew = true;
  while (std::exchange(grew, false)) {
    for (const auto& [pid, parent] : unknown) {
      if (!members_.contains(parent) || !members_.insert(pid).second) continue;
      found.push_back(pid);
      grew = true;
    }
  }
  for (const auto& [pid, parent] : unknown) {
    if (!members_.contains(pid)) strangers_.insert(pid);
  }
  return found;
}

}  // namespace hubspy
