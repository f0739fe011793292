// The processes that a process has started, and those that they have.
//
//   ProcessTree tree(pid);
//   for (int32_t child : tree.FindNew()) ...       // again and again
//
// The surprising part: nobody tells when one is born, so that this looks, and
// one that lives for less than the time from one look to the next is missed. So
// are those whose parent was missed or had ended: they have another parent
// then.
#ifndef HUBSPY_TARGET_PROCESS_TREE_H_
#define HUBSPY_TARGET_PROCESS_TREE_H_

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_set.h"

namespace hubspy {

class ProcessTree {
 public:
  explicit ProcessTree(int32_t root) : members_{root} {}

  // Descendants that came since the last call; the first call finds all that
  // are there. Costs a microsecond for each new process of the machine, and a
  // fraction of that for each that is there.
  std::vector<int32_t> FindNew();

 private:
  absl::flat_hash_set<int32_t> members_;
  absl::flat_hash_set<int32_t> strangers_;
};

}  // namespace hubspy

#endif  // HUBSPY_TARGET_PROCESS_TREE_H_
