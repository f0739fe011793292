// How a call tree differs from that of another profile.
//
//   const TreeChanges changes =
//       ChangesSince(Fold(before, options), folded, BuildFlameTree(folded));
//   changes.nodes[i].own_change()
//
// The surprising part: the tree is that of the profile after. What only the one
// before had is in none of its nodes; `gone_percent` says how much that was.
#ifndef HUBSPY_VIEW_DIFF_TREE_H_
#define HUBSPY_VIEW_DIFF_TREE_H_

#include <vector>

#include "model/profile.h"
#include "view/flame_tree.h"
#include "view/fold.h"

namespace hubspy {

// Percentages of all samples of the one and of the other tree.
struct NodeChange {
  double total_before = 0;
  double own_before = 0;
  double own_after = 0;

  double own_change() const { return own_after - own_before; }
};

struct TreeChanges {
  std::vector<NodeChange> nodes;  // of each node of the tree after
  double most = 0;                // the largest own change, up or down
  double gone_percent = 0;        // of the time before
};

// `nodes`: BuildFlameTree(after). Labels are the same if their texts are.
TreeChanges ChangesSince(const FoldedProfile& before,
                         const FoldedProfile& after,
                         const std::vector<FlameNode>& nodes);

}  // namespace hubspy

#endif  // HUBSPY_VIEW_DIFF_TREE_H_
