#include "annotate/loops.h"

#include <algorithm>
#include <optional>

namespace hubspy {
namespace {

// Which instructions can reach each other: Tarjan's strongly connected
// components, without recursion, because the code may be of any length.
class Components {
 public:
  explicit Components(absl::Span<const FlowNode> code)
      : code_(code), hub_(static_cast<uint32_t>(code.size())) {
    std::vector<bool> has_predecessor(code.size());
    for (const FlowNode& node : code) {
      for (const uint32_t to : {node.next, node.target}) {
        if (to != FlowNode::kNone) has_predecessor[to] = true;
      }
    }
    for (uint32_t i = 0; i < code.size(); ++i) {
      if (!has_predecessor[i]) without_predecessor_.push_back(i);
    }
    visits_.resize(code.size() + 1);
    for (uint32_t i = 0; i < code.size(); ++i) {
      if (visits_[i].order == 0) Visit(i);
    }
  }

  bool Same(uint32_t a, uint32_t b) const {
    return visits_[a].component == visits_[b].component;
  }

 private:
  struct NodeVisit {
    uint32_t order = 0;  // 0: not yet visited
    uint32_t low = 0;
    uint32_t component = 0;  // 0: none yet
    uint32_t next_edge = 0;
  };

  // The node's edge of that number; kNone: nothing there. Past the last edge
  // for good: `done`.
  struct Edge {
    uint32_t to = FlowNode::kNone;
    bool done = false;
  };
  // Every computed jump leads to one more node, `hub_`, and from there to what
  // nothing else leads to.
  Edge EdgeOf(uint32_t node, uint32_t number) const {
    if (node == hub_) {
      if (number >= without_predecessor_.size()) return {.done = true};
      return {.to = without_predecessor_[number]};
    }
    const FlowNode& flow = code_[node];
    switch (number) {
      case 0:
        return {.to = flow.next};
      case 1:
        return {.to = flow.target};
      case 2:
        return {.to = flow.computed_jump ? hub_ : FlowNode::kNone};
      default:
        return {.done = true};
    }
  }

  void Enter(uint32_t node) {
    visits_[node].order = visits_[node].low = ++last_order_;
    open_.push_back(node);
    path_.push_back(node);
  }

  void Visit(uint32_t root) {
    Enter(root);
    while (!path_.empty()) {
      const uint32_t node = path_.back();
      NodeVisit& visit = visits_[node];
      const Edge edge = EdgeOf(node, visit.next_edge++);
      if (edge.done) {
        Leave(node);
      } else if (edge.to == FlowNode::kNone) {
        continue;
      } else if (visits_[edge.to].order == 0) {
        Enter(edge.to);
      } else if (visits_[edge.to].component == 0) {
        visit.low = std::min(visit.low, visits_[edge.to].order);
      }
    }
  }

  void Leave(uint32_t node) {
    path_.pop_back();
    if (!path_.empty()) {
      NodeVisit& caller = visits_[path_.back()];
      caller.low = std::min(caller.low, visits_[node].low);
    }
    if (visits_[node].low != visits_[node].order) return;
    ++last_component_;
    uint32_t member = 0;
    do {
      member = open_.back();
      open_.pop_back();
      visits_[member].component = last_component_;
    } while (member != node);
  }

  const absl::Span<const FlowNode> code_;
  const uint32_t hub_;
  std::vector<uint32_t> without_predecessor_;
  std::vector<NodeVisit> visits_;
  std::vector<uint32_t> open_;  // visited, and in no component yet
  std::vector<uint32_t> path_;  // from the root to where we are
  uint32_t last_order_ = 0;
  uint32_t last_component_ = 0;
};

// Makes one of those that overlap without one holding the other, and tells how
// deep each of the rest is in others. `loops` are sorted.
std::vector<Annotation::Loop> Nest(const std::vector<Annotation::Loop>& loops) {
  std::vector<Annotation::Loop> nested;
  std::vector<size_t> open;  // into `nested`: each inside of the one before it
  std::vector<bool> dropped;
  for (Annotation::Loop loop : loops) {
    while (!open.empty() && nested[open.back()].last < loop.first) {
      open.pop_back();
    }
    std::optional<size_t> overlapped;
    while (!open.empty() && nested[open.back()].last < loop.last) {
      if (overlapped) dropped[*overlapped] = true;
      overlapped = open.back();
      open.pop_back();
    }
    if (overlapped) {
      nested[*overlapped].last = loop.last;
    } else {
      overlapped = nested.size();
      nested.push_back(loop);
      dropped.push_back(false);
    }
    open.push_back(*overlapped);
  }
  std::vector<Annotation::Loop> kept;
  std::vector<size_t> ends;  // of the loops that hold the next
  for (size_t i = 0; i < nested.size(); ++i) {
    if (dropped[i]) continue;
    while (!ends.empty() && ends.back() < nested[i].first) ends.pop_back();
    nested[i].depth = static_cast<int>(ends.size());
    ends.push_back(nested[i].last);
    kept.push_back(nested[i]);
  }
  return kept;
}

}  // namespace

std::vector<Annotation::Loop> FindLoops(absl::Span<const FlowNode> code) {
  const Components components(code);
  std::vector<Annotation::Loop> loops;
  std::vector<uint32_t> loop_at(code.size(), FlowNode::kNone);
  for (uint32_t i = 0; i < code.size(); ++i) {
    const uint32_t head = code[i].target;
    if (head == FlowNode::kNone || head > i ||
        code[head].piece != code[i].piece || !components.Same(head, i)) {
      continue;
    }
    if (loop_at[head] == FlowNode::kNone) {
      if (loops.size() >= kMaxLoops) continue;
      loop_at[head] = static_cast<uint32_t>(loops.size());
      loops.push_back({.first = head});
    }
    loops[loop_at[head]].last = i;
  }
  std::sort(loops.begin(), loops.end(),
            [](const Annotation::Loop& a, const Annotation::Loop& b) {
              return a.first < b.first;  // distinct
            });
  return Nest(loops);
}

}  // namespace hubspy
