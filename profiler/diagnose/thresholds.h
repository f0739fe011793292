// Every number that a verdict depends on, with its reason.
#ifndef HUBSPY_DIAGNOSE_THRESHOLDS_H_
#define HUBSPY_DIAGNOSE_THRESHOLDS_H_

#include <cstddef>
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

// Watched for so much longer than was asked for: that is worth a word.
inline constexpr int64_t kWatchedLongerNs = 200'000'000;

// Slower than this, a timer is in effect never: a second becomes minutes, and
// whoever waits has long given up.
inline constexpr double kNeverRate = 0.01;

// A hub that has not turned for this long while its own thread is in green
// code is stalled: eventlet's blocking detector takes 1 s for granted.
inline constexpr int64_t kStallNs = 1'000'000'000;

// Of the looks at a thread that computes, most find it running; one that
// blocks is found asleep in (nearly) all.
inline constexpr double kRunningShare = 0.5;

// A loop that never waits turns this often, or switches to one green thread
// this often, only when each stretch is shorter than 20 us: hardly any work
// takes less. What did work is told from what did not by where the time went.
inline constexpr double kBusyPerSecond = 50'000;

// A loop "turns all the time" when its thread ran, or was ready to, for so much
// of the time: one that sleeps now and then falls well below.
inline constexpr double kAllTheTime = 0.9;

// One that does nothing spends its time in the runtime and the kernel. Of one
// that gives way every half microsecond, as a computation of many tiny steps
// may, the steps themselves are still more than this.
inline constexpr double kOwnWorkShare = 0.5;

// Ready to run and without a CPU for so much of the time: everything takes four
// times as long, and more. Half of the time, beside one other that computes, is
// an ordinary day.
inline constexpr double kStarvedShare = 0.75;

// A process that used less than this of a CPU kept nobody from it.
inline constexpr double kUsesCpu = 0.05;
inline constexpr size_t kNamedCpuUsers = 3;

// Held back by its own limit for so much of the time, that is the reason.
inline constexpr double kThrottledShare = 0.25;

// A timer that was added so long ago, while the hub slept, was not merely
// caught in the moment before the hub is woken.
inline constexpr int64_t kUnnoticedNs = 500'000'000;

// Fewer samples, or looks at one green thread, than these say nothing.
inline constexpr int64_t kEnoughSamples = 10;

// The green thread that keeps a loop awake is found waiting for what wakes it
// in so many looks, at least ...
inline constexpr double kWaitsForWaker = 0.1;
// ... and in nearly all of them for this, or for nothing. Not all: now and then
// one is caught between two stores.
inline constexpr double kForThisOrNothing = 0.9;

// What causes each turn, or every other one, is what causes turns.
inline constexpr double kCausesTurns = 0.4;

// So many lines say where a computation is: of three, each is worth a look. One
// with a smaller share than this is not worth naming.
inline constexpr size_t kHotLines = 3;
inline constexpr double kHotShare = 0.1;

// Of a long circle of waits, so many are named in a sentence: more, nobody
// reads.
inline constexpr size_t kNamedInCycle = 6;

// SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM and SIGTERM, by which
// people and service managers tell a program what to do: one that handles any
// of them may well wait for nothing else.
inline constexpr uint64_t kEndSignals =
    1 << 0 | 1 << 1 | 1 << 2 | 1 << 9 | 1 << 11 | 1 << 13 | 1 << 14;

}  // namespace hubspy::thresholds

#endif  // HUBSPY_DIAGNOSE_THRESHOLDS_H_
