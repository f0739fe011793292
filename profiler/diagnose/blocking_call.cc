// blocking_call: a green thread sleeps in the kernel, and the hub with it.
#include "absl/strings/str_cat.h"
#include "diagnose/facts.h"
#include "diagnose/rules.h"

namespace hubspy {

std::optional<Verdict> BlockingCallRule(const HubWatch& watch) {
  if (!facts::HubIsHeld(watch) || facts::MostlyRunning(watch)) {
    return std::nullopt;
  }
  Verdict verdict{.kind = VerdictKind::kBlockingCall};
  verdict.culprit = facts::Running(watch);
  verdict.stack = watch.stack;
  verdict.system_call = watch.system_call;
  verdict.summary = absl::StrCat(
      facts::Holder(watch), " blocks the hub's thread in ",
      watch.system_call.empty()
          ? "the kernel"
          : absl::StrCat("system call ", watch.system_call),
      " ", facts::HeldSince(watch), ". ", facts::WaitBehindIt(watch));
  verdict.remedy =
      "Use green's own call for it (Sleep, the waits of the hub), or hand the "
      "blocking call to an OS thread (green::Offload).";
  return verdict;
}

}  // namespace hubspy
