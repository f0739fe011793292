// deadlock: some wait in a circle; or all wait, and nothing is left that could
// end a wait.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "diagnose/facts.h"
#include "diagnose/rules.h"
#include "diagnose/thresholds.h"
#include "diagnose/wait_graph.h"
#include "diagnose/words.h"

namespace hubspy {
namespace {

std::string Named(const GreenThreadView& green) {
  return words::Green(green.id, green.name);
}

// "green thread 2 (left) waits for mutex 0x7f, which is held by "
std::string LinkPhrase(const WaitLink& link) {
  return absl::StrCat(" waits for ", words::Waited(link.waiter),
                      link.waiter.waiting_for == WaitReason::kMutex
                          ? ", held by "
                          : ", that is for ");
}

std::string CycleSentence(const std::vector<WaitLink>& cycle) {
  if (cycle.size() == 1) {
    return absl::StrCat(words::Capitalized(Named(cycle[0].waiter)),
                        " waits for ", words::Waited(cycle[0].waiter),
                        ", which it holds itself.");
  }
  std::string sentence = words::Capitalized(Named(cycle[0].waiter));
  const size_t shown = std::min(cycle.size(), thresholds::kNamedInCycle);
  for (size_t i = 0; i < shown; ++i) {
    const WaitLink& next = cycle[(i + 1) % cycle.size()];
    absl::StrAppend(&sentence, i == 0 ? "" : ", which", LinkPhrase(cycle[i]),
                    Named(next.waiter));
  }
  if (shown < cycle.size()) {
    absl::StrAppend(&sentence, ", and so on over ", cycle.size() - shown,
                    " more, back to ", Named(cycle[0].waiter));
  }
  return absl::StrCat(sentence, ": a circle, in which none can ever go on.");
}

// The rest of the timers may be a Timeout around one of these waits.
std::string TimersSentence(const HubWatch& watch) {
  uint64_t own = 0;
  for (const GreenThreadView& green : watch.green_threads) {
    own += green.deadline_ns ? 1 : 0;
  }
  if (watch.own_code && watch.own_code->deadline_ns) ++own;
  if (watch.end.timers <= own) return "";
  return absl::StrCat(
      " Only a green::Timeout around one of these waits could still end it, "
      "by throwing: of the hub's timers, ",
      watch.end.timers - own, " are no plain waits' own.");
}

std::optional<Verdict> CycleVerdict(const HubWatch& watch) {
  std::optional<WaitCycle> cycle = FindWaitCycle(watch);
  if (!cycle) return std::nullopt;
  Verdict verdict{.kind = VerdictKind::kDeadlock};
  verdict.summary =
      absl::StrCat(CycleSentence(cycle->links),
                   cycle->behind == 0
                       ? ""
                       : absl::StrCat(" ", words::Count(cycle->behind, "other"),
                                      cycle->behind == 1 ? " waits" : " wait",
                                      " for one of them to go on."),
                   TimersSentence(watch));
  const bool has_mutex = std::any_of(
      cycle->links.begin(), cycle->links.end(), [](const WaitLink& link) {
        return link.waiter.waiting_for == WaitReason::kMutex;
      });
  verdict.remedy =
      has_mutex && cycle->links.size() > 1
          ? "Take the mutexes in the same order everywhere (std::scoped_lock "
            "takes several at once), and do not wait for another green thread "
            "while holding one that it needs."
          : "Let none wait for the end of one that waits for its own.";
  verdict.deadlock = DeadlockEvidence{.cycle = std::move(cycle->links),
                                      .others = cycle->behind};
  return verdict;
}

// What a green thread's wait needs to end: something from outside, or time?
bool CouldEndFromOutside(const GreenThreadView& green) {
  if (green.state != GreenState::kWaiting || green.deadline_ns) return true;
  switch (green.waiting_for) {
    case WaitReason::kJoin:
    case WaitReason::kPool:
    case WaitReason::kEvent:
    case WaitReason::kSemaphore:
    case WaitReason::kMutex:
    case WaitReason::kCondition:
    case WaitReason::kQueue:
    case WaitReason::kResource:
      return false;
    case WaitReason::kNone:
    case WaitReason::kTimer:
    case WaitReason::kFd:
    case WaitReason::kOffload:
    case WaitReason::kOther:
      return true;
  }
  return true;
}

bool SomebodyOutsideMayAct(const HubWatch& watch) {
  const bool other_threads = watch.end.open_to_other_threads.value_or(true) &&
                             watch.process_threads > 1;
  // A handler may call Hub::Stop, which is how such a program is meant to end.
  const bool handlers = (watch.signals_handled.value_or(UINT64_MAX) &
                         thresholds::kEndSignals) != 0;
  return other_threads || handlers;
}

std::optional<Verdict> AllWaitVerdict(const HubWatch& watch) {
  if (watch.one_instant || watch.begin.switches != watch.end.switches ||
      watch.end.state != HubState::kPolling || watch.end.timers > 0 ||
      watch.end.ready > 0 || !watch.own_code || SomebodyOutsideMayAct(watch)) {
    return std::nullopt;
  }
  std::vector<GreenThreadView> all = watch.green_threads;
  all.push_back(*watch.own_code);
  if (std::any_of(all.begin(), all.end(), CouldEndFromOutside)) {
    return std::nullopt;
  }
  Verdict verdict{.kind = VerdictKind::kDeadlock};
  DeadlockEvidence evidence;
  std::string sentence;
  for (const GreenThreadView& green : all) {
    if (evidence.waiting.size() == thresholds::kNamedInCycle) break;
    absl::StrAppend(&sentence, evidence.waiting.empty() ? "" : ", ",
                    Named(green), " for ", words::Waited(green));
    evidence.waiting.push_back({.waiter = green});
  }
  evidence.others = all.size() - evidence.waiting.size();
  if (evidence.others > 0) {
    absl::StrAppend(&sentence, ", and ", evidence.others, " more");
  }
  verdict.summary = absl::StrCat(
      "All wait, and nothing can wake them: ", sentence,
      ". No timer is pending, no fd is waited for, and no other thread was "
      "given the hub (Hub::Remote): whatever they wait for could come only "
      "from one of themselves.");
  verdict.remedy =
      "Find who was to send, put, release or unlock what is waited for: it has "
      "ended, or waits itself. `hubspy dump` shows where each of them waits.";
  verdict.deadlock = std::move(evidence);
  return verdict;
}

}  // namespace

std::optional<Verdict> DeadlockRule(const HubWatch& watch) {
  if (std::optional<Verdict> cycle = CycleVerdict(watch)) return cycle;
  return AllWaitVerdict(watch);
}

}  // namespace hubspy
