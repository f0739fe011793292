#include "diagnose/wait_graph.h"

#include <algorithm>
#include <cstddef>

#include "absl/container/flat_hash_map.h"

namespace hubspy {
namespace {

constexpr size_t kNobody = SIZE_MAX;

// The id of who alone can end the wait.
std::optional<uint64_t> Needs(const GreenThreadView& green) {
  if (green.state != GreenState::kWaiting || green.deadline_ns) {
    return std::nullopt;
  }
  if (green.waiting_for == WaitReason::kMutex) return green.mutex_holder;
  if (green.waiting_for == WaitReason::kJoin && green.waits_on != 0) {
    return green.waits_on;
  }
  return std::nullopt;
}

class WaitGraph {
 public:
  explicit WaitGraph(const HubWatch& watch) {
    absl::flat_hash_map<uint64_t, uint64_t> switches_at_begin;
    for (const GreenThreadView& green : watch.green_threads_at_begin) {
      switches_at_begin[green.id] = green.switches;
    }
    // Seen twice with the same count, it waited in between: so the waits that
    // make a circle were all there at one instant.
    for (const GreenThreadView& green : watch.green_threads) {
      const auto before = switches_at_begin.find(green.id);
      if (before == switches_at_begin.end() ||
          before->second != green.switches) {
        continue;
      }
      Add(green);
    }
    // The thread's own code is not counted when it is switched to. But one that
    // has its part in a circle goes on only when another of it does.
    const bool own_code_waited =
        watch.own_code && watch.own_code_at_begin &&
        watch.own_code_at_begin->state == GreenState::kWaiting &&
        watch.own_code_at_begin->waits_on == watch.own_code->waits_on;
    if (own_code_waited) Add(*watch.own_code);
    next_.reserve(nodes_.size());
    for (const GreenThreadView* node : nodes_) next_.push_back(NextOf(*node));
  }

  // Colours what it has been at with the number of the walk, so that each node
  // is met once.
  std::optional<size_t> FindOnCycle() const {
    std::vector<size_t> walk_of(nodes_.size(), kNobody);
    for (size_t start = 0; start < nodes_.size(); ++start) {
      size_t at = start;
      while (at != kNobody && walk_of[at] == kNobody) {
        walk_of[at] = start;
        at = next_[at];
      }
      if (at != kNobody && walk_of[at] == start) return at;
    }
    return std::nullopt;
  }

  WaitCycle CycleAt(size_t first) const {
    std::vector<size_t> members;
    for (size_t at = first; members.empty() || at != first; at = next_[at]) {
      members.push_back(at);
    }
    std::rotate(members.begin(),
                std::min_element(members.begin(), members.end(),
                                 [this](size_t a, size_t b) {
                                   return nodes_[a]->id < nodes_[b]->id;
                                 }),
                members.end());
    WaitCycle cycle;
    for (const size_t member : members) {
      cycle.links.push_back(
          {.waiter = *nodes_[member], .needs = Needs(*nodes_[member])});
    }
    cycle.behind = CountLeadingTo(members) - members.size();
    return cycle;
  }

 private:
  enum class Leads : uint8_t { kNotKnown, kYes, kNo };

  void Add(const GreenThreadView& green) {
    by_id_.try_emplace(green.id, nodes_.size());
    nodes_.push_back(&green);
  }

  size_t NextOf(const GreenThreadView& green) const {
    const std::optional<uint64_t> needs = Needs(green);
    const auto found = needs ? by_id_.find(*needs) : by_id_.end();
    return found == by_id_.end() ? kNobody : found->second;
  }

  // How many nodes there are from which a path leads to these, them included.
  uint64_t CountLeadingTo(const std::vector<size_t>& members) const {
    std::vector<Leads> leads(nodes_.size(), Leads::kNotKnown);
    for (const size_t member : members) leads[member] = Leads::kYes;
    std::vector<size_t> path;
    uint64_t count = 0;
    for (size_t start = 0; start < nodes_.size(); ++start) {
      path.clear();
      size_t at = start;
      while (at != kNobody && leads[at] == Leads::kNotKnown) {
        leads[at] = Leads::kNo;  // also what another circle comes back to
        path.push_back(at);
        at = next_[at];
      }
      const Leads end = at == kNobody ? Leads::kNo : leads[at];
      for (const size_t node : path) leads[node] = end;
      count += leads[start] == Leads::kYes ? 1 : 0;
    }
    return count;
  }

  std::vector<const GreenThreadView*> nodes_;
  std::vector<size_t> next_;
  absl::flat_hash_map<uint64_t, size_t> by_id_;
};

}  // namespace

std::optional<WaitCycle> FindWaitCycle(const HubWatch& watch) {
  const WaitGraph graph(watch);
  const std::optional<size_t> on_cycle = graph.FindOnCycle();
  if (!on_cycle) return std::nullopt;
  return graph.CycleAt(*on_cycle);
}

}  // namespace hubspy
