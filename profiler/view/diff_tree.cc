#include "view/diff_tree.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace hubspy {
namespace {

constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

double Percent(int64_t part, int64_t whole) {
  return whole > 0
             ? 100.0 * static_cast<double>(part) / static_cast<double>(whole)
             : 0;
}

// Of each of `from`'s labels, the same one of `to`; kNone: it has none.
std::vector<uint32_t> SameLabels(const FoldedProfile& from,
                                 const FoldedProfile& to) {
  absl::flat_hash_map<std::pair<std::string, bool>, uint32_t> ids;
  for (uint32_t i = 0; i < to.labels.size(); ++i) {
    ids.try_emplace({to.labels[i].text, to.labels[i].inlined}, i);
  }
  std::vector<uint32_t> same;
  same.reserve(from.labels.size());
  for (const Label& label : from.labels) {
    const auto id = ids.find({label.text, label.inlined});
    same.push_back(id == ids.end() ? kNone : id->second);
  }
  return same;
}

}  // namespace

TreeChanges ChangesSince(const FoldedProfile& before,
                         const FoldedProfile& after,
                         const std::vector<FlameNode>& nodes) {
  absl::flat_hash_map<std::pair<uint32_t, uint32_t>, uint32_t> children;
  std::vector<int64_t> own_after(nodes.size());
  std::vector<uint32_t> path;
  for (uint32_t i = 0; i < nodes.size(); ++i) {
    own_after[i] = nodes[i].count;
    path.resize(nodes[i].depth);
    if (!path.empty()) {
      own_after[path.back()] -= nodes[i].count;
      children[{path.back(), nodes[i].label}] = i;
    }
    path.push_back(i);
  }

  const std::vector<uint32_t> same = SameLabels(before, after);
  std::vector<int64_t> total_before(nodes.size());
  std::vector<int64_t> own_before(nodes.size());
  int64_t gone = 0;
  for (const FoldedStack& stack : before.stacks) {
    uint32_t node = 0;
    total_before[node] += stack.count;
    size_t i = 0;
    for (; i < stack.labels.size(); ++i) {
      const auto child = children.find({node, same[stack.labels[i]]});
      if (child == children.end()) break;
      node = child->second;
      total_before[node] += stack.count;
    }
    if (i == stack.labels.size()) {
      own_before[node] += stack.count;
    } else {
      gone += stack.count;
    }
  }

  TreeChanges changes;
  for (size_t i = 0; i < nodes.size(); ++i) {
    changes.nodes.push_back(
        {.total_before = Percent(total_before[i], total_before[0]),
         .own_before = Percent(own_before[i], total_before[0]),
         .own_after = Percent(own_after[i], nodes[0].count)});
    changes.most =
        std::max(changes.most, std::abs(changes.nodes.back().own_change()));
  }
  changes.gone_percent = Percent(gone, total_before[0]);
  return changes;
}

}  // namespace hubspy
