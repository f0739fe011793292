// StallReport -> text: each stall, with who made it and where, and how long
// they were.
#ifndef HUBSPY_VIEW_STALLS_H_
#define HUBSPY_VIEW_STALLS_H_

#include <cstdint>
#include <string>

#include "model/stall.h"
#include "model/stall_totals.h"

namespace hubspy {

// Times of day are the machine's local ones.
std::string RenderStalls(const StallReport& report);

// "3 stalls of 100 ms or more in 60 s: 1.24 s in all (2.1% of the time), the
// longest 812 ms".
std::string StallsLine(const StallTotals& totals);

// "812 ms", "1.24 s", "58 minutes"; three digits, `ns` is not negative.
std::string FormatLength(int64_t ns);

}  // namespace hubspy

#endif  // HUBSPY_VIEW_STALLS_H_
