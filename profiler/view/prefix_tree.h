// Stacks that share their beginnings, as the formats keep them: a node for each
// distinct beginning.
//
//   PrefixTree tree;
//   uint32_t node = PrefixTree::kNone;
//   for (uint32_t l : stack.labels) node = tree.Intern(node, l);
#ifndef HUBSPY_VIEW_PREFIX_TREE_H_
#define HUBSPY_VIEW_PREFIX_TREE_H_

#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace hubspy {

class PrefixTree {
 public:
  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

  struct Node {
    uint32_t prefix = kNone;  // of lower index
    uint32_t what = 0;
  };

  // The node of `what` on top of `prefix`: the same for the same.
  uint32_t Intern(uint32_t prefix, uint32_t what) {
    const auto next = static_cast<uint32_t>(nodes_.size());
    const auto [it, inserted] = ids_.try_emplace({prefix, what}, next);
    if (inserted) nodes_.push_back({prefix, what});
    return it->second;
  }

  const std::vector<Node>& nodes() const { return nodes_; }

 private:
  std::vector<Node> nodes_;
  absl::flat_hash_map<std::pair<uint32_t, uint32_t>, uint32_t> ids_;
};

}  // namespace hubspy

#endif  // HUBSPY_VIEW_PREFIX_TREE_H_
