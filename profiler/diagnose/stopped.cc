// stopped: the hub's thread may not run at all.
#include <string>

#include "absl/strings/str_cat.h"
#include "diagnose/facts.h"
#include "diagnose/rules.h"

namespace hubspy {
namespace {

bool IsFrozen(const HubWatch& watch) {
  return !watch.cgroups.frozen.empty() &&
         !watch.cgroups_at_begin.frozen.empty() && facts::HubStoodStill(watch);
}

Verdict StoppedInACore() {
  return {.kind = VerdictKind::kStopped,
          .summary =
              "The hub's thread is stopped, by a signal (SIGSTOP, "
              "SIGTSTP) or by a debugger; nothing in it can move.",
          .remedy = "Find out who stopped it: a core does not say.",
          .stop = StopEvidence{}};
}

Verdict Frozen(const HubWatch& watch) {
  const std::string& group = watch.cgroups.frozen;
  return {.kind = VerdictKind::kStopped,
          .summary = absl::StrCat(
              "The hub's thread is frozen: the control group ", group,
              ", in which it is, was told to freeze, and nothing in that may "
              "run."),
          .remedy = absl::StrCat(
              "Thaw the group: write 0 to its cgroup.freeze (version 1: THAWED "
              "to freezer.state); `systemctl thaw`, `docker unpause` and the "
              "like do that for theirs. Group: ",
              group, "."),
          .stop = StopEvidence{.cause = StopCause::kCgroup, .group = group}};
}

Verdict Traced(const HubWatch& watch) {
  const std::string tracer = absl::StrCat(
      "process ", watch.tracer.pid,
      watch.tracer.name.empty() ? ""
                                : absl::StrCat(" (", watch.tracer.name, ")"));
  return {.kind = VerdictKind::kStopped,
          .summary = absl::StrCat(
              "The hub's thread is held by a tracer, ", tracer,
              ", and does not run until that lets it; nothing in it can move."),
          .remedy = absl::StrCat("Let ", tracer,
                                 " continue it, or detach; it does so when it "
                                 "ends, too."),
          .stop = StopEvidence{.cause = StopCause::kTracer,
                               .tracer = watch.tracer}};
}

Verdict StoppedByASignal(const HubWatch& watch) {
  return {.kind = VerdictKind::kStopped,
          .summary =
              "The hub's thread is stopped by a signal: SIGSTOP; or "
              "SIGTSTP, SIGTTIN or SIGTTOU, which a terminal sends. "
              "Nothing in it can move, and nobody traces it.",
          .remedy = absl::StrCat(
              "Continue it: kill -CONT ", watch.end.tid,
              ". If it stops again, it reads or writes a terminal from the "
              "background."),
          .stop = StopEvidence{.cause = StopCause::kSignal}};
}

}  // namespace

std::optional<Verdict> StoppedRule(const HubWatch& watch) {
  if (IsFrozen(watch)) return Frozen(watch);
  if (watch.looks == 0 || watch.looks_stopped < watch.looks) {
    return std::nullopt;
  }
  if (watch.one_instant) return StoppedInACore();
  return watch.tracer.pid != 0 ? Traced(watch) : StoppedByASignal(watch);
}

}  // namespace hubspy
