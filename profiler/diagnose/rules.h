// The rules, one a verdict. Each says what it makes of the evidence, or nullopt
// when that does not show what it is about; Diagnose asks them in order, and
// fills in what is the same for every verdict.
#ifndef HUBSPY_DIAGNOSE_RULES_H_
#define HUBSPY_DIAGNOSE_RULES_H_

#include <optional>

#include "model/diagnosis.h"

namespace hubspy {

std::optional<Verdict> StoppedRule(const HubWatch& watch);
std::optional<Verdict> ClockRateRule(const HubWatch& watch);
std::optional<Verdict> CpuStarvedRule(const HubWatch& watch);
std::optional<Verdict> NotYieldingRule(const HubWatch& watch);
std::optional<Verdict> ThreadDeadlockRule(const HubWatch& watch);
std::optional<Verdict> BlockingCallRule(const HubWatch& watch);
std::optional<Verdict> BusyLoopRule(const HubWatch& watch);
std::optional<Verdict> LostWakeupRule(const HubWatch& watch);
std::optional<Verdict> DeadlockRule(const HubWatch& watch);

// These always have an answer: nothing is wrong, as far as was seen; in the
// second, as far as one look can see.
Verdict Healthy(const HubWatch& watch);
Verdict HealthyInOneInstant(const HubWatch& watch);

}  // namespace hubspy

#endif  // HUBSPY_DIAGNOSE_RULES_H_
