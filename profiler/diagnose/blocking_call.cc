// blocking_call: a green thread sleeps in the kernel, and the hub with it.
#include <string>

#include "absl/strings/str_cat.h"
#include "diagnose/facts.h"
#include "diagnose/rules.h"
#include "diagnose/words.h"

namespace hubspy {
namespace {

std::string CallText(const HubWatch& watch) {
  if (!watch.call) return "the kernel";
  return watch.call->text.empty()
             ? absl::StrCat("system call ", watch.call->name)
             : watch.call->text;
}

std::string HolderSentence(const HubWatch& watch) {
  if (watch.holders.empty()) return "";
  const ThreadWait& holder = watch.holders[0];
  return absl::StrCat(
      " The thread that holds the mutex, ", words::Thread(holder), ", ",
      holder.call ? absl::StrCat("is itself in ", holder.call->text)
                  : std::string("computes"),
      ".");
}

}  // namespace

std::optional<Verdict> BlockingCallRule(const HubWatch& watch) {
  if (!facts::HubIsHeld(watch) || facts::MostlyRunning(watch)) {
    return std::nullopt;
  }
  Verdict verdict{.kind = VerdictKind::kBlockingCall};
  verdict.culprit = facts::Running(watch);
  verdict.stack = watch.stack;
  verdict.call = watch.call;
  verdict.holders = watch.holders;
  verdict.summary =
      absl::StrCat(facts::Holder(watch), " blocks the hub's thread in ",
                   CallText(watch), " ", facts::HeldSince(watch), ".",
                   HolderSentence(watch), " ", facts::WaitBehindIt(watch));
  verdict.remedy =
      watch.holders.empty()
          ? "Use green's own call for it (Sleep, Socket, WaitReadable, "
            "WaitWritable), or hand the blocking call to an OS thread "
            "(green::Offload)."
          : "Hold a mutex that a hub's thread takes for moments only, and "
            "never "
            "while waiting for something else; or take it on an OS thread "
            "(green::Offload).";
  return verdict;
}

}  // namespace hubspy
