// The loops of a function, from its branches.
//
// A loop is a backward branch from which the code can come back to where it
// leads: a jump back to shared code that returns is none. It reaches, in
// addresses, from there to the last branch that leads there. Loops that overlap
// without one holding the other are one: compilers lay out a loop so that it is
// entered in its middle, and turns at several places.
//
// The surprising part: where a computed jump leads is not known. It is taken to
// lead to all code of the function that nothing else leads to, as the cases of
// a switch do; without that an interpreter's loop would not be one.
#ifndef HUBSPY_ANNOTATE_LOOPS_H_
#define HUBSPY_ANNOTATE_LOOPS_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "absl/types/span.h"
#include "model/annotation.h"

namespace hubspy {

// Where the code goes after an instruction; indices of instructions.
struct FlowNode {
  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();
  uint32_t next = kNone;    // the one behind it
  uint32_t target = kNone;  // where it may jump, inside of the function
  bool computed_jump = false;
  uint32_t piece = 0;  // a loop lies in one
};

// Sorted by where they begin, and properly nested; samples are not counted yet.
// At most kMaxLoops, more than any function has: what hostile code can cost.
inline constexpr size_t kMaxLoops = 4096;
std::vector<Annotation::Loop> FindLoops(absl::Span<const FlowNode> code);

}  // namespace hubspy

#endif  // HUBSPY_ANNOTATE_LOOPS_H_
