// What the stalls of a recording come to.
#ifndef HUBSPY_MODEL_STALL_TOTALS_H_
#define HUBSPY_MODEL_STALL_TOTALS_H_

#include <cstdint>
#include <vector>

namespace hubspy {

struct StallTotals {
  int64_t limit_ns = 0;    // what lasts as long is a stall; above 0
  int64_t watched_ns = 0;  // by the clock
  int64_t hub_ns = 0;      // and of hubs: that of each, added up
  int64_t count = 0;
  int64_t time_ns = 0;  // that they took, as far as it was watched
  int64_t longest_ns = 0;
  // So many lasted for limit * 2^i or longer, but not for limit * 2^(i + 1).
  std::vector<int64_t> lengths;
  int64_t looks = 0;  // stacks that were taken
  // In which hubspy did not come to look, and which may have hidden one.
  int64_t blind_ns = 0;

  void Add(int64_t length_ns, int64_t watched_of_it_ns);
  friend bool operator==(const StallTotals&, const StallTotals&) = default;
};

}  // namespace hubspy

#endif  // HUBSPY_MODEL_STALL_TOTALS_H_
