#include "target/process_tree.h"

#include <utility>

#include "target/process_ids.h"

namespace hubspy {
namespace {

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
