// busy_loop: the loop turns without ever waiting, and does nothing by it.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "diagnose/diagnose.h"
#include "diagnose/facts.h"
#include "diagnose/rules.h"
#include "diagnose/thresholds.h"
#include "diagnose/words.h"

namespace hubspy {
namespace {

double PerSecond(uint64_t count, const HubWatch& watch) {
  return watch.watched_ns <= 0 ? 0
                               : static_cast<double>(count) * 1e9 /
                                     static_cast<double>(watch.watched_ns);
}

uint64_t Turns(const HubWatch& watch) {
  return watch.end.iterations - watch.begin.iterations;
}

bool TurnedAllTheTime(const HubWatch& watch) {
  if (watch.one_instant || !watch.schedule || watch.watched_ns <= 0) {
    return false;
  }
  const double ran = static_cast<double>(watch.schedule->run_ns) +
                     static_cast<double>(watch.schedule->wait_ns);
  return ran >=
             thresholds::kAllTheTime * static_cast<double>(watch.watched_ns) &&
         facts::Share(watch.looks_running, watch.looks) >=
             thresholds::kAllTheTime;
}

uint64_t SwitchesTo(const GreenThreadView& green, const HubWatch& watch) {
  for (const GreenThreadView& before : watch.green_threads_at_begin) {
    if (before.id == green.id) return green.switches - before.switches;
  }
  return green.switches;
}

// Whose time it was: what the libraries did was done for who called them.
bool WasOwnWork(const RunSample& sample) {
  for (const SymbolFrame& frame : sample.stack) {
    if (!facts::IsOfTheSystem(frame)) return !facts::IsOfTheRuntime(frame);
  }
  return false;
}

// nullopt: too little was seen.
std::optional<double> OwnWorkShare(const HubWatch& watch) {
  int64_t all = 0;
  int64_t own = 0;
  for (const RunSample& sample : watch.samples) {
    all += sample.count;
    if (WasOwnWork(sample)) own += sample.count;
  }
  if (all < thresholds::kEnoughSamples) return std::nullopt;
  return facts::Share(own, all);
}

std::optional<Waker> FindWaker(const HubWatch& watch) {
  const BusiestLooks& seen = *watch.busiest;
  const auto waits = [&](int64_t times) {
    return facts::Share(times + seen.ready, seen.looks) >=
               thresholds::kForThisOrNothing &&
           facts::Share(times, seen.looks) >= thresholds::kWaitsForWaker;
  };
  const uint64_t fired = watch.end.timers_fired - watch.begin.timers_fired;
  const bool timers_turn_it =
      static_cast<double>(fired) >=
      thresholds::kCausesTurns * static_cast<double>(Turns(watch));
  if (seen.ready == seen.looks) return Waker::kYields;
  if (waits(seen.on_fd) && seen.fd_was_always_ready &&
      seen.fd_stayed_as_it_was) {
    return Waker::kFd;
  }
  if (waits(seen.on_timer) && timers_turn_it) return Waker::kTimer;
  const bool is_own_code = seen.green_thread == 0;
  if (is_own_code && seen.ready == 0 && timers_turn_it) {
    return Waker::kCallbacks;
  }
  return std::nullopt;
}

std::string Times(double per_second) {
  return per_second >= 1e6
             ? absl::StrFormat("%.1f million", per_second / 1e6)
             : absl::StrFormat("%.0f,%03.0f", std::floor(per_second / 1000),
                               std::fmod(per_second, 1000));
}

std::string DescribeFd(const FdFacts& fd) {
  return absl::StrCat("fd ", fd.fd, fd.what.empty() ? "" : ", ", fd.what, ",");
}

std::string FdSentence(const BusyEvidence& busy, const std::string& who,
                       FdDirection direction) {
  const FdFacts& fd = *busy.fd;
  const std::string left =
      direction == FdDirection::kWrite ? "nothing is written to it"
      : fd.hung_up
          ? "its other end is closed, so that it always will be, and a read "
            "gives 0 bytes or an error"
      : fd.unread
          ? absl::StrCat("what is there to read (", *fd.unread,
                         fd.what == "eventfd" ? ", its count" : " bytes",
                         ") is left there")
          : "nothing is taken from it";
  return absl::StrCat(
      DescribeFd(fd), " is ready to ",
      direction == FdDirection::kWrite ? "write" : "read",
      " and stays so: ", who, " waits for it, is let go on at once, ",
      Times(std::max(busy.switches_per_second, busy.turns_per_second)),
      " times a second, and ", left, ".");
}

std::string WakerSentence(const BusyEvidence& busy, FdDirection direction) {
  const std::string who =
      words::Green(busy.green_thread->id, busy.green_thread->name);
  const std::string how_often = absl::StrCat(
      Times(std::max(busy.switches_per_second, busy.turns_per_second)),
      " times a second");
  switch (busy.waker) {
    case Waker::kYields:
      return absl::StrCat(
          words::Capitalized(who),
          " gives way (green::Yield, or a Sleep of no time) and "
          "looks again, ",
          how_often, ", and never waits for anything.");
    case Waker::kTimer:
      return absl::StrCat(words::Capitalized(who),
                          " sleeps for next to no time, and is awake again at "
                          "once, ",
                          how_often, ".");
    case Waker::kFd:
      return words::Capitalized(FdSentence(busy, who, direction));
    case Waker::kCallbacks:
      return absl::StrCat(
          "A callback (Hub::CallAfter) asks to be called again after no time, "
          "and is, ",
          how_often, "; no green thread does anything.");
  }
  return "";
}

std::string Remedy(const BusyEvidence& busy) {
  switch (busy.waker) {
    case Waker::kYields:
      return "Let it wait for what it looks for (green::Event, Queue, "
             "ConditionVariable, WaitReadable), or at least sleep between two "
             "looks.";
    case Waker::kTimer:
      return "Give the sleep a length, or wait for what it waits for "
             "(green::Event, Queue, ConditionVariable, WaitReadable).";
    case Waker::kFd:
      return busy.fd->hung_up
                 ? "Close the fd when a read gives 0 bytes or an error, and "
                   "stop waiting for it."
                 : "Read or write until the call would block (EAGAIN) before "
                   "waiting again; do not wait for an fd that nobody uses.";
    case Waker::kCallbacks:
      return "Give the delay a length, or do what it looks for when it "
             "happens.";
  }
  return "";
}

const RunSample* MostFrequent(const HubWatch& watch) {
  const auto most = std::max_element(
      watch.samples.begin(), watch.samples.end(),
      [](const RunSample& a, const RunSample& b) { return a.count < b.count; });
  return most == watch.samples.end() ? nullptr : &*most;
}

}  // namespace

std::optional<GreenThreadView> BusiestGreenThread(const HubWatch& watch) {
  if (!TurnedAllTheTime(watch)) return std::nullopt;
  absl::flat_hash_map<uint64_t, uint64_t> before;
  for (const GreenThreadView& green : watch.green_threads_at_begin) {
    before[green.id] = green.switches;
  }
  const GreenThreadView* busiest = nullptr;
  uint64_t most = 0;
  for (const GreenThreadView& green : watch.green_threads) {
    const auto known = before.find(green.id);
    const uint64_t switches =
        green.switches - (known == before.end() ? 0 : known->second);
    if (busiest == nullptr || switches > most) {
      busiest = &green;
      most = switches;
    }
  }
  const uint64_t turns = Turns(watch);
  if (PerSecond(std::max(turns, most), watch) < thresholds::kBusyPerSecond) {
    return std::nullopt;
  }
  // The thread's own code is not counted; what it causes is turns.
  const bool caused_turns =
      static_cast<double>(most) >=
      thresholds::kCausesTurns * static_cast<double>(turns);
  return caused_turns && busiest != nullptr ? *busiest : watch.own_code;
}

std::optional<Verdict> BusyLoopRule(const HubWatch& watch) {
  if (!watch.busiest || watch.busiest->looks < thresholds::kEnoughSamples) {
    return std::nullopt;
  }
  const std::optional<Waker> waker = FindWaker(watch);
  if (!waker) return std::nullopt;
  const std::optional<double> own_work = OwnWorkShare(watch);
  // What is read from an fd, or not, is there to be seen. Of the rest, only
  // where the time goes tells that nothing is done.
  if (*waker != Waker::kFd &&
      (!own_work || *own_work >= thresholds::kOwnWorkShare)) {
    return std::nullopt;
  }
  const std::optional<GreenThreadView> green =
      facts::GreenThreadOfId(watch, watch.busiest->green_thread);
  if (!green) return std::nullopt;

  BusyEvidence busy{.waker = *waker,
                    .turns_per_second = PerSecond(Turns(watch), watch),
                    .green_thread = green};
  if (green->id != 0) {
    busy.switches_per_second = PerSecond(SwitchesTo(*green, watch), watch);
  }
  if (*waker == Waker::kFd) busy.fd = watch.busiest->fd;
  Verdict verdict{.kind = VerdictKind::kBusyLoop};
  verdict.summary = absl::StrCat(
      "The loop never waits, and does nothing by it. ",
      WakerSentence(busy, watch.busiest->direction),
      *waker == Waker::kFd
          ? ""
          : absl::StrFormat(
                " Of the time, %.0f %% went into switching and looking.",
                100 * (1 - *own_work)));
  verdict.remedy = Remedy(busy);
  if (const RunSample* most = MostFrequent(watch)) verdict.stack = most->stack;
  verdict.busy = std::move(busy);
  return verdict;
}

}  // namespace hubspy
