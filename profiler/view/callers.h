// Profile -> who calls a function, and what it calls.
//
// A row of a caller is of the samples in which that called the function: own,
// those in which the function was innermost; total, all of them. A row of a
// callee is of the samples in which the function called that: own, those in
// which the callee was innermost. So the callers' columns add up to the
// function's own row, but for where it is outermost or recursive; and the
// callees' totals, with its own time, to its total.
#ifndef HUBSPY_VIEW_CALLERS_H_
#define HUBSPY_VIEW_CALLERS_H_

#include <string>
#include <vector>

#include "view/flat.h"

namespace hubspy {

struct CallersAndCallees {
  FlatRow function;
  std::vector<FlatRow> callers;
  std::vector<FlatRow> callees;
};

// `label` as FlatRow has it; one that is in no sample has no callers, no
// callees, and nothing but zeroes. The rest as FlatRows's.
CallersAndCallees FindCallersAndCallees(const std::string& label,
                                        const Profile& window,
                                        const Profile& overall,
                                        const FlatOptions& options);

}  // namespace hubspy

#endif  // HUBSPY_VIEW_CALLERS_H_
