#include "model/stall_totals.h"

#include <algorithm>
#include <cstddef>

namespace hubspy {

void StallTotals::Add(int64_t length_ns, int64_t watched_of_it_ns) {
  ++count;
  time_ns += watched_of_it_ns;
  longest_ns = std::max(longest_ns, length_ns);
  size_t doubled = 0;
  for (int64_t n = length_ns / limit_ns; n > 1; n /= 2) ++doubled;
  if (lengths.size() <= doubled) lengths.resize(doubled + 1);
  ++lengths[doubled];
}

}  // namespace hubspy
