#include "view/flame_tree.h"

#include <algorithm>
#include <tuple>

namespace hubspy {
namespace {

// Stacks sorted by their labels' texts, so that stacks which share a beginning
// are neighbours: the tree then falls out of one pass, without recursion (a
// recording may hold stacks thousands of frames deep).
std::vector<const FoldedStack*> Sorted(const FoldedProfile& folded) {
  std::vector<uint32_t> by_text(folded.labels.size());
  for (uint32_t i = 0; i < by_text.size(); ++i) by_text[i] = i;
  std::sort(by_text.begin(), by_text.end(), [&](uint32_t a, uint32_t b) {
    const Label& x = folded.labels[a];
    const Label& y = folded.labels[b];
    return std::tie(x.text, x.inlined) < std::tie(y.text, y.inlined);
  });
  std::vector<uint32_t> rank(by_text.size());
  for (uint32_t i = 0; i < by_text.size(); ++i) rank[by_text[i]] = i;

  std::vector<const FoldedStack*> stacks;
  stacks.reserve(folded.stacks.size());
  for (const FoldedStack& stack : folded.stacks) stacks.push_back(&stack);
  std::sort(stacks.begin(), stacks.end(),
            [&](const FoldedStack* a, const FoldedStack* b) {
              return std::lexicographical_compare(
                  a->labels.begin(), a->labels.end(), b->labels.begin(),
                  b->labels.end(),
                  [&](uint32_t x, uint32_t y) { return rank[x] < rank[y]; });
            });
  return stacks;
}

}  // namespace

std::vector<FlameNode> BuildFlameTree(const FoldedProfile& folded) {
  std::vector<FlameNode> nodes(1);
  std::vector<size_t> open = {0};  // the path to the stack before, root first
  int64_t x = 0;
  for (const FoldedStack* stack : Sorted(folded)) {
    size_t shared = 0;
    while (shared < stack->labels.size() && shared + 1 < open.size() &&
           nodes[open[shared + 1]].label == stack->labels[shared]) {
      ++shared;
    }
    open.resize(shared + 1);
    for (size_t i = shared; i < stack->labels.size(); ++i) {
      nodes[open.back()].leaf = false;
      open.push_back(nodes.size());
      nodes.push_back({.label = stack->labels[i],
                       .depth = static_cast<uint32_t>(i + 1),
                       .x = x});
    }
    for (const size_t node : open) nodes[node].count += stack->count;
    if (stack->waits) nodes[open.back()].waits_own += stack->count;
    x += stack->count;
  }
  return nodes;
}

}  // namespace hubspy
