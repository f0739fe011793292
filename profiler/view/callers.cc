#include "view/callers.h"

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "view/fold.h"

namespace hubspy {
namespace {

struct Counted {
  CountsByLabel function;
  CountsByLabel callers;
  CountsByLabel callees;
};

// A label that is seen several times in one sample is counted once.
class Count {
 public:
  Count(const std::string& label, const Profile& profile,
        const FlatOptions& options)
      : folded_(Fold(profile, {.include_idle = options.include_idle,
                               .threads = options.threads,
                               .by_state = options.by_state})) {
    for (const Label& l : folded_.labels) {
      texts_.push_back(MarkedText(l));
      is_it_.push_back(texts_.back() == label);
    }
    for (const FoldedStack& stack : folded_.stacks) AddStack(stack);
  }

  Counted Take() { return std::move(counted_); }

 private:
  // In one sample; whether they were innermost there.
  using SeenLabels = absl::flat_hash_map<uint32_t, bool>;

  void AddStack(const FoldedStack& stack) {
    SeenLabels function;
    SeenLabels callers;
    SeenLabels callees;
    const std::vector<uint32_t>& labels = stack.labels;
    for (size_t i = 0; i < labels.size(); ++i) {
      if (!is_it_[labels[i]]) continue;
      const bool is_innermost = i + 1 == labels.size();
      function[labels[i]] |= is_innermost;
      if (i > 0) callers[labels[i - 1]] |= is_innermost;
      if (!is_innermost) callees[labels[i + 1]] |= i + 2 == labels.size();
    }
    Add(function, stack.count, counted_.function);
    Add(callers, stack.count, counted_.callers);
    Add(callees, stack.count, counted_.callees);
  }

  void Add(const SeenLabels& seen, int64_t count, CountsByLabel& into) const {
    for (const auto& [label, is_innermost] : seen) {
      FlatCounts& counts = into[texts_[label]];
      counts.total += count;
      if (is_innermost) counts.own += count;
    }
  }

  const FoldedProfile folded_;
  std::vector<std::string> texts_;
  std::vector<bool> is_it_;
  Counted counted_;
};

}  // namespace

CallersAndCallees FindCallersAndCallees(const std::string& label,
                                        const Profile& window,
                                        const Profile& overall,
                                        const FlatOptions& options) {
  const Counted in_window = Count(label, window, options).Take();
  const Counted in_overall = Count(label, overall, options).Take();
  const auto rows = [&](CountsByLabel Counted::*of) {
    return RowsOfCounts(in_window.*of, in_overall.*of, window, overall,
                        options);
  };
  CallersAndCallees result{.callers = rows(&Counted::callers),
                           .callees = rows(&Counted::callees)};
  const std::vector<FlatRow> function = rows(&Counted::function);
  if (!function.empty()) result.function = function.front();
  result.function.label = label;
  return result;
}

}  // namespace hubspy
