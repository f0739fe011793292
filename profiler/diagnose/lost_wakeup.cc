// lost_wakeup: somebody waits for what has already happened.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "diagnose/facts.h"
#include "diagnose/rules.h"
#include "diagnose/thresholds.h"
#include "diagnose/words.h"

namespace hubspy {
namespace {

bool IsReady(const FdFacts& fd, FdDirection direction) {
  switch (direction) {
    case FdDirection::kRead:
      return fd.readable.value_or(false);
    case FdDirection::kWrite:
      return fd.writable.value_or(false);
    case FdDirection::kUnknown:
      break;
  }
  return false;
}

std::optional<LostWhat> WhatWasLost(const FdWait& wait) {
  if (!wait.at_begin.is_open && !wait.at_end.is_open) {
    return LostWhat::kFdClosed;
  }
  if (IsReady(wait.at_begin, wait.direction) &&
      IsReady(wait.at_end, wait.direction)) {
    return LostWhat::kFdReady;
  }
  return std::nullopt;
}

std::string FdSummary(const LostEvidence& lost, const FdWait& wait,
                      const HubWatch& watch) {
  const std::string who = words::Capitalized(
      words::Green(lost.green_thread->id, lost.green_thread->name));
  const bool to_write = wait.direction == FdDirection::kWrite;
  const std::string waits = absl::StrCat(
      who, " waits to ", to_write ? "write" : "read", " fd ", lost.fd->fd);
  const std::string watched =
      words::Duration(static_cast<double>(watch.watched_ns));
  if (lost.what == LostWhat::kFdClosed) {
    return absl::StrCat(
        waits,
        ", which is closed: there is no such fd any more, and nobody "
        "told the hub. The hub waits in its poller, which forgets a file when "
        "it is closed, and will never say anything of it.");
  }
  const std::string left =
      !to_write && lost.fd->unread
          ? absl::StrCat(" (", *lost.fd->unread,
                         lost.fd->what == "eventfd" ? ", its count)"
                                                    : " bytes are there)")
          : "";
  const std::string why =
      !lost.is_polled ? ""
      : *lost.is_polled
          ? " The poller has an entry of that number, but not for this file, "
            "or no longer armed."
          : " The poller does not wait for that fd: it was closed, and the "
            "number given to another file, without a word to the hub; or "
            "somebody took it out of the poller's list.";
  return absl::StrCat(waits, " (", lost.fd->what, "), which was ready all the ",
                      watched, left, ". Nothing woke it.", why);
}

std::optional<Verdict> FdVerdict(const HubWatch& watch) {
  if (watch.end.state != HubState::kPolling) return std::nullopt;
  for (const FdWait& wait : watch.fd_waits) {
    const std::optional<LostWhat> what = WhatWasLost(wait);
    const std::optional<GreenThreadView> green =
        facts::GreenThreadOfId(watch, wait.green_thread);
    if (!what || !green) continue;
    LostEvidence lost{.what = *what, .green_thread = green, .fd = wait.at_end};
    if (watch.polled_fds) {
      lost.is_polled = std::binary_search(
          watch.polled_fds->begin(), watch.polled_fds->end(), wait.at_end.fd);
    }
    Verdict verdict{.kind = VerdictKind::kLostWakeup};
    verdict.summary = FdSummary(lost, wait, watch);
    verdict.remedy =
        "Call green::NotifyClose(fd) before an fd that green threads may wait "
        "for is closed or replaced (close, dup2, fclose); a green::Socket does "
        "so by itself.";
    verdict.lost = std::move(lost);
    return verdict;
  }
  return std::nullopt;
}

std::string WhatIsThere(const GreenThreadView& green) {
  const std::string count = absl::StrCat(*green.available);
  switch (green.waiting_for) {
    case WaitReason::kEvent:
      return "something was sent to it";
    case WaitReason::kSemaphore:
      return absl::StrCat("its count is ", count);
    case WaitReason::kQueue:
      return absl::StrCat("the item, or the room for one, is there (", count,
                          ")");
    default:
      return absl::StrCat("free in it: ", count);
  }
}

// It has waited all the time, and for the same.
bool WaitedOn(const GreenThreadView& before, const GreenThreadView& after) {
  return before.state == GreenState::kWaiting &&
         after.state == GreenState::kWaiting &&
         before.switches == after.switches &&
         before.waiting_for == after.waiting_for &&
         before.waits_on == after.waits_on;
}

bool IsLostOn(const GreenThreadView& before, const GreenThreadView& after) {
  return WaitedOn(before, after) && before.available.value_or(0) > 0 &&
         after.available.value_or(0) > 0;
}

// The first by id; the thread's own code, which is not counted when it is
// switched to, only when the loop did not turn.
std::optional<GreenThreadView> FindLostOnObject(const HubWatch& watch) {
  if (watch.own_code && watch.own_code_at_begin &&
      facts::HubStoodStill(watch) &&
      IsLostOn(*watch.own_code_at_begin, *watch.own_code)) {
    return watch.own_code;
  }
  // Both are sorted by id.
  auto before = watch.green_threads_at_begin.begin();
  for (const GreenThreadView& green : watch.green_threads) {
    while (before != watch.green_threads_at_begin.end() &&
           before->id < green.id) {
      ++before;
    }
    if (before == watch.green_threads_at_begin.end()) break;
    if (before->id == green.id && IsLostOn(*before, green)) return green;
  }
  return std::nullopt;
}

std::optional<Verdict> ObjectVerdict(const HubWatch& watch) {
  const std::optional<GreenThreadView> green = FindLostOnObject(watch);
  if (!green) return std::nullopt;
  Verdict verdict{.kind = VerdictKind::kLostWakeup};
  verdict.summary = absl::StrCat(
      words::Capitalized(words::Green(green->id, green->name)), " waits for ",
      words::Waited(*green), ", and has no reason to: ", WhatIsThere(*green),
      ". That was so when it was first looked at, ",
      words::Duration(static_cast<double>(watch.watched_ns)),
      " ago, and nothing woke it. Whoever did that found nobody waiting, while "
      "this one was about to: it was another OS thread, or a signal handler. "
      "What green threads wait for may be used on their hub's thread only.");
  verdict.remedy =
      "From another thread, use RemoteHub (Hub::Current().Remote() on the "
      "hub's thread): Post(function) has the hub call a function, which may "
      "send, put or release, and wakes it.";
  verdict.stack = watch.stack;
  verdict.lost = LostEvidence{.what = LostWhat::kObject, .green_thread = green};
  return verdict;
}

// A hub that waits without a limit had no timer when it began; and it reads its
// clock right before. If there is a timer now, and the clock was read since,
// another thread did both.
std::optional<Verdict> TimerVerdict(const HubWatch& watch) {
  const HubView& hub = watch.end;
  const double since_ns = facts::SinceClockWasReadNs(watch);
  if (!facts::HubOnlyPolled(watch) || hub.poll_until_ns || hub.timers == 0 ||
      watch.begin.state != HubState::kPolling ||
      hub.last.witness_real_ns <= hub.poll_entered_real_ns ||
      since_ns < static_cast<double>(thresholds::kUnnoticedNs)) {
    return std::nullopt;
  }
  Verdict verdict{.kind = VerdictKind::kLostWakeup};
  verdict.summary = absl::StrCat(
      "A timer was added ", words::Duration(since_ns),
      " ago while the hub slept, and nothing woke it: it had no timer when it "
      "began to wait, and waits until something happens, with ",
      words::Count(hub.timers, "timer"),
      " now. That was done by another OS thread (Hub::CallAfter is for the "
      "hub's own thread only), or in a signal handler.");
  verdict.remedy =
      "From another thread, use RemoteHub (Hub::Current().Remote() on the "
      "hub's thread): Post(function) and Spawn(function) wake the hub.";
  verdict.stack = watch.stack;
  verdict.lost =
      LostEvidence{.what = LostWhat::kTimer,
                   .since_ns = static_cast<int64_t>(std::min(since_ns, 9e18))};
  return verdict;
}

}  // namespace

std::optional<Verdict> LostWakeupRule(const HubWatch& watch) {
  if (watch.one_instant) return std::nullopt;
  if (std::optional<Verdict> fd = FdVerdict(watch)) return fd;
  if (std::optional<Verdict> object = ObjectVerdict(watch)) return object;
  return TimerVerdict(watch);
}

}  // namespace hubspy
