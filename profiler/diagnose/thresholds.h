// Every number that a verdict depends on, with its reason.
#ifndef HUBSPY_DIAGNOSE_THRESHOLDS_H_
#define HUBSPY_DIAGNOSE_THRESHOLDS_H_

#include <cstdint>

namespace hubspy::thresholds {

// A clock is judged over at least this much real time; see below.
inline constexpr int64_t kClockSpanNs = 1'000'000'000;

// How far two spans of time, both measured right, may lie apart. The hub reads
// its clock and CLOCK_MONOTONIC one after the other and may lose the CPU in
// between, for some scheduler's slices: ...
inline constexpr double kClockReadingErrorNs = 20e6;
// ... and a clock may be slewed against the other, by 0.05 % at most
// (adjtimex(2)); twice that is allowed. So 41 ns a tick instead of 125/3, 1.6 %
// slow, is told from a right clock after 2 s.
inline constexpr double kClockDrift = 0.001;

// Slower than this, a timer is in effect never: a second becomes minutes, and
// whoever waits has long given up.
inline constexpr double kNeverRate = 0.01;

// A hub that has not turned for this long while its own thread is in green
// code is stalled: eventlet's blocking detector takes 1 s for granted.
inline constexpr int64_t kStallNs = 1'000'000'000;

// Of the looks at a thread that computes, most find it running; one that
// blocks is found asleep in (nearly) all.
inline constexpr double kRunningShare = 0.5;

}  // namespace hubspy::thresholds

#endif  // HUBSPY_DIAGNOSE_THRESHOLDS_H_
