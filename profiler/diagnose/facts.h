// What several rules ask of the evidence.
#ifndef HUBSPY_DIAGNOSE_FACTS_H_
#define HUBSPY_DIAGNOSE_FACTS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "model/diagnosis.h"

namespace hubspy::facts {

// 0 where there is no whole.
double Share(int64_t part, int64_t whole);

// The green thread that ran at the end.
std::optional<GreenThreadView> Running(const HubWatch& watch);

// At the end; 0 is the hub's own thread. nullopt: there is none of that id.
std::optional<GreenThreadView> GreenThreadOfId(const HubWatch& watch,
                                               uint64_t id);

// The hub's thread was in the same stretch of green code all the time, for long
// enough to be a stall; and for how long, as far as is known.
bool HubIsHeld(const HubWatch& watch);
int64_t HeldNs(const HubWatch& watch);

// The loop did not turn, and no green thread was switched to.
bool HubStoodStill(const HubWatch& watch);
// The same, and at its end the hub waited in its poller.
bool HubOnlyPolled(const HubWatch& watch);

// The thread was mostly on a CPU, or ready for one.
bool MostlyRunning(const HubWatch& watch);

// Of a library that everybody uses; of the green runtime.
bool IsOfTheSystem(const SymbolFrame& frame);
bool IsOfTheRuntime(const SymbolFrame& frame);

// How far real time is ahead of the hub's latest reading of its clock.
double SinceClockWasReadNs(const HubWatch& watch);

// "Green thread 5 (foo)", "The hub's own thread": who held the hub. And the end
// of such a sentence: since when, and who waits.
std::string Holder(const HubWatch& watch);
std::string HeldSince(const HubWatch& watch);
std::string WaitBehindIt(const HubWatch& watch);

}  // namespace hubspy::facts

#endif  // HUBSPY_DIAGNOSE_FACTS_H_
