#include "cli/hub_judge.h"

#include <algorithm>
#include <utility>

#include "diagnose/diagnose.h"

namespace hubspy {
namespace {

constexpr int64_t kJudgeIntervalNs = 1'000'000'000;
// What was watched for so long is judged no more, as in `diagnose`.
constexpr int64_t kLongEnoughNs = 2'000'000'000;
// `diagnose` would watch on for as long.
constexpr int64_t kSoonNs = 2'500'000'000;
constexpr int64_t kJudgeCostFactor = 50;

// Sampling goes on meanwhile, or is to: no more than some milliseconds.
constexpr Effort kEffort = {.fd_looks_ns = 20'000'000,
                            .busy_look_interval_ns = 100'000,
                            .verdict_only = true};

// Of the hub's thread itself, while it ran, or was ready to.
bool ShowsRunning(const Recording::Key& key, ThreadId tid) {
  const bool is_the_threads =
      !key.green || key.green->state == GreenState::kRunning;
  return key.tid == tid && is_the_threads && WantsCpu(key.activity.state);
}

}  // namespace

HubJudge::HubJudge(Attachment& attachment, const KernelView& kernel)
    : attachment_(attachment),
      kernel_(kernel),
      describer_(attachment, &kernel, kEffort) {}

HubJudge::Watched HubJudge::Begin(const HubView& hub, int64_t now_ns) {
  Watched watched{.schedule = kernel_.Schedule(hub.tid), .begin_ns = now_ns};
  watched.hub.watch.begin = hub;
  SeeAgain(hub, watched.hub.watch);
  describer_.DescribeBegin(watched.hub.watch);
  return watched;
}

// A record may be another hub's by now.
HubJudge::Case& HubJudge::CaseOf(const HubView& hub, int64_t now_ns) {
  Case& known = cases_[hub.record];
  if (!known.watched.empty()) {
    const HubView& seen = known.watched.front().hub.watch.begin;
    if (seen.tid != hub.tid || seen.first != hub.first) known = {};
  }
  if (known.watched.empty()) {
    if (cases_.size() == 1) due_ns_ = now_ns + kJudgeIntervalNs;
    known.watched.push_back(Begin(hub, now_ns));
  }
  return known;
}

void HubJudge::Watch(const std::vector<HubView>& hubs, int64_t now_ns) {
  for (const HubView& hub : hubs) {
    const absl::StatusOr<ThreadInfo> thread =
        attachment_.process().Thread(hub.tid);
    if (!thread.ok()) continue;
    for (Watched& watched : CaseOf(hub, now_ns).watched) {
      SeeAgain(hub, watched.hub.watch);
      CountLook(thread->state, watched.hub.watch);
    }
  }
}

void HubJudge::AddSamples(const Recording& samples) {
  for (auto& [record, known] : cases_) {
    for (Watched& watched : known.watched) {
      const HubWatch& watch = watched.hub.watch;
      // They tell what a loop does that turns all the time.
      if (watch.looks_running < watch.looks) continue;
      for (const auto& [key, count] : samples.counts()) {
        if (!ShowsRunning(key, watch.end.tid)) continue;
        Recording& running = watched.hub.running;
        running.Add({.tid = key.tid,
                     .stack = running.Intern(samples.stacks()[key.stack])},
                    count);
      }
    }
  }
}

void HubJudge::JudgeIfDue(const std::vector<HubView>& hubs, Waiter& waiter) {
  const int64_t begin_ns = waiter.NowNs();
  if (begin_ns < due_ns_) return;
  absl::flat_hash_map<Address, Case> present;
  for (const HubView& hub : hubs) {
    const int64_t now_ns = waiter.NowNs();
    Case known = std::move(CaseOf(hub, now_ns));
    Watched& older = known.watched.front();
    SeeAgain(hub, older.hub.watch);
    older.hub.watch.watched_ns = now_ns - older.begin_ns;
    // The first judgement is an early one: the next is of the same beginning.
    const bool is_done =
        known.watched.size() > 1 || older.hub.watch.watched_ns >= kLongEnoughNs;
    known.finding = Judge(is_done ? std::move(older) : older, waiter);
    if (is_done) known.watched.erase(known.watched.begin());
    known.watched.push_back(Begin(hub, now_ns));
    present[hub.record] = std::move(known);
  }
  cases_ = std::move(present);
  const int64_t cost_ns = waiter.NowNs() - begin_ns;
  due_ns_ = begin_ns + std::max(kJudgeIntervalNs, kJudgeCostFactor * cost_ns);
}

std::optional<HubJudge::Finding> HubJudge::Judge(Watched watched,
                                                 Waiter& waiter) {
  HubWatch& watch = watched.hub.watch;
  watch.was_to_be_watched_ns = watch.watched_ns;
  watch.end_real_ns = waiter.NowNs();
  watch.process_threads = static_cast<int64_t>(attachment_.threads());
  watch.schedule = Between(watched.schedule, kernel_.Schedule(watch.end.tid));
  describer_.DescribeEnd(watched.hub);
  describer_.LookAtBusiest(waiter, watch);
  Verdict verdict = Diagnose(watch);
  // Its clock may turn out to be wrong when it turns next.
  if (verdict.kind == VerdictKind::kHealthy &&
      MeasurableIfWatched(watch.end, watch.end_real_ns, kSoonNs)) {
    return std::nullopt;
  }
  if (verdict.clock) verdict.clock->timers.clear();
  return Finding{.kind = verdict.kind, .clock = std::move(verdict.clock)};
}

std::optional<HubJudge::Finding> HubJudge::FindingOf(const HubView& hub) const {
  const auto known = cases_.find(hub.record);
  if (known != cases_.end() && known->second.finding) {
    return known->second.finding;
  }
  std::optional<ClockEvidence> clock = FindClockFault(hub);
  if (!clock) return std::nullopt;
  return Finding{.kind = VerdictKind::kClockRate, .clock = std::move(clock)};
}

}  // namespace hubspy
