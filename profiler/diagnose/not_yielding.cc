// not_yielding: a green thread computes and never gives way.
#include "absl/strings/str_cat.h"
#include "diagnose/facts.h"
#include "diagnose/rules.h"

namespace hubspy {

std::optional<Verdict> NotYieldingRule(const HubWatch& watch) {
  if (!facts::HubIsHeld(watch) || !facts::MostlyRunning(watch)) {
    return std::nullopt;
  }
  Verdict verdict{.kind = VerdictKind::kNotYielding};
  verdict.culprit = facts::Running(watch);
  verdict.stack = watch.stack;
  const std::string where =
      watch.stack.empty() ? ""
                          : absl::StrCat(" in ", watch.stack.front().function);
  verdict.summary = absl::StrCat(
      facts::Holder(watch), " computes", where, " ", facts::HeldSince(watch),
      " without yielding to the hub. ", facts::WaitBehindIt(watch));
  verdict.remedy =
      "Call green::Yield() within the computation, or hand it to an OS "
      "thread (green::Offload).";
  return verdict;
}

}  // namespace hubspy
