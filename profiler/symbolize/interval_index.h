// Half-open ranges of addresses, each with a value; finds the innermost one
// around an address.
//
//   IntervalIndex<int> index;
//   index.Add(0x10, 0x20, 1);
//   index.Sort();
//   index.Find(0x1f)->value
//
// The surprising part: ranges come from files and may nest, overlap or repeat.
// Of the ranges that hold an address, the one that begins last wins; of those
// that begin together the shortest, and of equal ones the one added first.
#ifndef HUBSPY_SYMBOLIZE_INTERVAL_INDEX_H_
#define HUBSPY_SYMBOLIZE_INTERVAL_INDEX_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hubspy {

template <typename T>
class IntervalIndex {
 public:
  struct Interval {
    uint64_t begin = 0;
    uint64_t end = 0;
    T value{};
    uint64_t reach = 0;  // the highest end up to and including this one
  };

  // An empty range is dropped, and so are all beyond kMaxIntervals: more than
  // any program has, and a bound for what a hostile file can cost.
  void Add(uint64_t begin, uint64_t end, T value) {
    if (begin >= end || intervals_.size() >= kMaxIntervals) return;
    intervals_.push_back({begin, end, value});
  }

  // To be called between the last Add and the first Find.
  void Sort() {
    std::stable_sort(intervals_.begin(), intervals_.end(),
                     [](const Interval& a, const Interval& b) {
                       return a.begin != b.begin ? a.begin < b.begin
                                                 : a.end > b.end;
                     });
    // Equal ranges: the first added has to be met first from behind.
    for (size_t i = 0, j; i < intervals_.size(); i = j) {
      for (j = i + 1; j < intervals_.size() &&
                      intervals_[j].begin == intervals_[i].begin &&
                      intervals_[j].end == intervals_[i].end;) {
        ++j;
      }
      std::reverse(intervals_.begin() + i, intervals_.begin() + j);
    }
    uint64_t reach = 0;
    for (Interval& interval : intervals_) {
      reach = std::max(reach, interval.end);
      interval.reach = reach;
    }
    intervals_.shrink_to_fit();
  }

  // Null when no range holds `address`. Ranges nested deeper than kMaxNesting
  // around an address that they do not hold are not looked behind.
  const Interval* Find(uint64_t address) const {
    auto it = std::upper_bound(
        intervals_.begin(), intervals_.end(), address,
        [](uint64_t a, const Interval& i) { return a < i.begin; });
    for (int steps = 0; it != intervals_.begin() && steps < kMaxNesting;
         ++steps) {
      --it;
      if (address < it->end) return &*it;
      if (address >= it->reach) return nullptr;
    }
    return nullptr;
  }

 private:
  static constexpr size_t kMaxIntervals = size_t{1} << 24;
  static constexpr int kMaxNesting = 1024;

  std::vector<Interval> intervals_;
};

}  // namespace hubspy

#endif  // HUBSPY_SYMBOLIZE_INTERVAL_INDEX_H_
