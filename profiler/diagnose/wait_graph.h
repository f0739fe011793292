// Who waits for whom among the green threads of a hub, and whether in a circle.
//
// The surprising part: a green thread waits for one thing at a time, so that
// there is at most one edge from each, and a circle is found by following them,
// in time that grows with their number, whatever a hostile target says.
#ifndef HUBSPY_DIAGNOSE_WAIT_GRAPH_H_
#define HUBSPY_DIAGNOSE_WAIT_GRAPH_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "model/diagnosis.h"

namespace hubspy {

struct WaitCycle {
  std::vector<WaitLink> links;  // each needs the next, the last the first
  uint64_t behind = 0;          // others from which a path leads to it
};

// A circle of waits that lasted all the while and have no limit in time; if
// there are several, one of them. Its lowest id comes first.
std::optional<WaitCycle> FindWaitCycle(const HubWatch& watch);

}  // namespace hubspy

#endif  // HUBSPY_DIAGNOSE_WAIT_GRAPH_H_
