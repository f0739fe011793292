// Evidence in, verdict out: the rules, and nothing but the rules.
//
//   Verdict verdict = Diagnose(watch);
//
// Pure: whoever watched the hub says in HubWatch what was seen. The thresholds
// and the reasons for them stand in thresholds.h.
//
// The surprising part: most of the evidence is in the hub's own record. It
// keeps its first and its latest clock reading, each next to one of
// CLOCK_MONOTONIC, so a single look at a hub that has been stuck for hours
// already tells how fast its clock runs.
#ifndef HUBSPY_DIAGNOSE_DIAGNOSE_H_
#define HUBSPY_DIAGNOSE_DIAGNOSE_H_

#include <optional>

#include "model/diagnosis.h"

namespace hubspy {

Verdict Diagnose(const HubWatch& watch);

// Whether the hub's clock can be judged from this view: it was read at two
// instants far enough apart. While it cannot, watching longer helps.
bool ClockIsMeasurable(const HubView& hub);

// Whether watching on, for `more_ns` at most, would let it be judged: it cannot
// yet, and by then the hub will have turned. `now_real_ns`: CLOCK_MONOTONIC.
bool MeasurableIfWatched(const HubView& hub, int64_t now_real_ns,
                         int64_t more_ns);

// Of a loop that turned all the time, very often: the green thread that was
// switched to most, or what stands for the thread's own code. nullopt: it did
// not.
std::optional<GreenThreadView> BusiestGreenThread(const HubWatch& watch);

// Whether its thread wanted a CPU, and hardly got one.
bool IsStarved(const HubWatch& watch);

// The clock's fault; nullopt when it is right or cannot be judged. `timers` is
// left empty.
std::optional<ClockEvidence> FindClockFault(const HubWatch& watch);
// The same by one view alone.
std::optional<ClockEvidence> FindClockFault(const HubView& hub);

// Whether more readings could not make it another fault: the conversion is to
// blame.
bool IsSettled(const ClockEvidence& clock);

}  // namespace hubspy

#endif  // HUBSPY_DIAGNOSE_DIAGNOSE_H_
