#include "diagnose/diagnose.h"

#include <utility>

#include "diagnose/rules.h"

namespace hubspy {
namespace {

// In the order in which they are asked, which is by what explains what.
constexpr std::optional<Verdict> (*kRules[])(const HubWatch&) = {
    // Who may not run does nothing, right or wrong.
    StoppedRule,
    // Every wait ends at the wrong time.
    ClockRateRule,
    // Whatever it does, it hardly gets to do it.
    CpuStarvedRule,
    // While the hub's thread is in one green thread, no other can do anything,
    // whatever it waits for.
    NotYieldingRule,
    // A call that can never return is worse than one that takes long.
    ThreadDeadlockRule,
    BlockingCallRule,
    // What some wait for is there, and they do not know.
    LostWakeupRule,
    // Some wait for ever, however well the hub does for others.
    DeadlockRule,
    // It costs a CPU, but keeps nobody from running.
    BusyLoopRule,
};

Verdict Judge(const HubWatch& watch) {
  for (const auto rule : kRules) {
    if (std::optional<Verdict> verdict = rule(watch)) return *verdict;
  }
  return watch.one_instant ? HealthyInOneInstant(watch) : Healthy(watch);
}

}  // namespace

Verdict Diagnose(const HubWatch& watch) {
  Verdict verdict = Judge(watch);
  verdict.tid = watch.end.tid;
  verdict.one_instant = watch.one_instant;
  verdict.watched_ns = watch.watched_ns;
  verdict.iterations = watch.end.iterations - watch.begin.iterations;
  verdict.timers = watch.end.timers;
  verdict.green_threads = watch.green_threads.size();
  return verdict;
}

}  // namespace hubspy
