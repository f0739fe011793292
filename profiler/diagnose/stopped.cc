// stopped: the hub's thread may not run at all.
#include "absl/strings/str_cat.h"
#include "diagnose/rules.h"

namespace hubspy {

std::optional<Verdict> StoppedRule(const HubWatch& watch) {
  if (watch.looks == 0 || watch.looks_stopped < watch.looks) {
    return std::nullopt;
  }
  Verdict verdict{.kind = VerdictKind::kStopped};
  verdict.summary =
      "The hub's thread is stopped, by a signal (SIGSTOP, SIGTSTP) or by a "
      "debugger; nothing in it can move.";
  verdict.remedy = absl::StrCat("Continue it: kill -CONT ", watch.end.tid,
                                ", or detach the debugger.");
  if (watch.one_instant) {
    verdict.remedy = "Find out who stopped it: a core does not say.";
  }
  return verdict;
}

}  // namespace hubspy
