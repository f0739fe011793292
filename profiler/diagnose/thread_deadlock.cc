// deadlock, of OS threads: the hub's thread waits for a mutex that can never be
// given back, because whoever holds it waits for the hub's thread.
#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "diagnose/facts.h"
#include "diagnose/rules.h"
#include "diagnose/words.h"

namespace hubspy {
namespace {

std::string Mutex(const CallFacts& call) {
  return absl::StrCat("the mutex 0x", absl::Hex(call.futex.value()));
}

// The last of those that hold something waits for the hub's thread, or for
// another of them.
bool IsCircle(const HubWatch& watch) {
  const ThreadWait& last = watch.holders.back();
  if (!last.call || !last.call->mutex_holder) return false;
  const ThreadId needed = *last.call->mutex_holder;
  return needed == watch.end.tid ||
         std::any_of(watch.holders.begin(), watch.holders.end(),
                     [needed](const ThreadWait& holder) {
                       return holder.tid == needed;
                     });
}

std::string OwnMutexSummary(const HubWatch& watch) {
  return absl::StrCat(
      facts::Holder(watch), " waits for ", Mutex(*watch.call),
      ", which this very OS thread holds: it was locked here, and the green "
      "thread that did then waited for something, so that another one ran, and "
      "wants it, too. Nobody can unlock it any more: that takes this thread. ",
      facts::WaitBehindIt(watch));
}

std::string CircleSummary(const HubWatch& watch) {
  std::string summary =
      absl::StrCat(facts::Holder(watch), " waits for ", Mutex(*watch.call));
  for (const ThreadWait& holder : watch.holders) {
    absl::StrAppend(&summary, ", held by ", words::Thread(holder),
                    ", which waits for ", Mutex(*holder.call));
  }
  const ThreadId last = *watch.holders.back().call->mutex_holder;
  return absl::StrCat(summary, ", held by ",
                      last == watch.end.tid ? "the hub's thread"
                                            : absl::StrCat("thread ", last),
                      ": a circle, in which none can ever go on. ",
                      facts::WaitBehindIt(watch));
}

}  // namespace

std::optional<Verdict> ThreadDeadlockRule(const HubWatch& watch) {
  if (!facts::HubIsHeld(watch) || facts::MostlyRunning(watch) || !watch.call ||
      !watch.call->mutex_holder) {
    return std::nullopt;
  }
  const bool is_own = *watch.call->mutex_holder == watch.end.tid;
  if (!is_own && (watch.holders.empty() || !IsCircle(watch))) {
    return std::nullopt;
  }
  Verdict verdict{.kind = VerdictKind::kDeadlock};
  verdict.culprit = facts::Running(watch);
  verdict.stack = watch.stack;
  verdict.call = watch.call;
  verdict.holders = watch.holders;
  verdict.summary = is_own ? OwnMutexSummary(watch) : CircleSummary(watch);
  verdict.remedy =
      is_own ? "Do not hold a std::mutex across anything that waits; among "
               "green threads of one hub use green::Mutex."
             : "Take the mutexes in the same order everywhere, and hold none "
               "while waiting for another thread.";
  return verdict;
}

}  // namespace hubspy
