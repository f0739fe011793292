// The merged call tree that a flame graph draws.
//
//   for (const FlameNode& n : BuildFlameTree(folded)) ...   // parents first
//
// Positions and widths are in samples: a node begins at `x` and is `count`
// wide; within it come first the samples that end there, then its children,
// side by side, alphabetically. Node 0 is the root, "all".
#ifndef HUBSPY_VIEW_FLAME_TREE_H_
#define HUBSPY_VIEW_FLAME_TREE_H_

#include <cstdint>
#include <vector>

#include "view/fold.h"

namespace hubspy {

struct FlameNode {
  uint32_t label = 0;  // into FoldedProfile::labels; of no meaning for the root
  uint32_t depth = 0;  // the root's is 0
  int64_t x = 0;
  int64_t count = 0;
  int64_t waits_own = 0;  // samples that end here, waiting
  bool leaf = true;       // nothing on top of it
};

std::vector<FlameNode> BuildFlameTree(const FoldedProfile& folded);

}  // namespace hubspy

#endif  // HUBSPY_VIEW_FLAME_TREE_H_
