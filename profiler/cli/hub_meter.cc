#include "cli/hub_meter.h"

#include <algorithm>
#include <utility>

#include "absl/types/span.h"
#include "diagnose/diagnose.h"
#include "diagnose/hub_time.h"

namespace hubspy {
namespace {

// Looks, and counts of green threads, take 2 % of the time at most.
constexpr int64_t kCostFactor = 50;
// One that is caught while it turns is read again so often.
constexpr int kAttempts = 5;
// A timer that is late by less is on time, for who sleeps.
constexpr int64_t kOnTimeNs = 1'000'000;

bool IsSameHub(const HubView& a, const HubView& b) {
  return a.record == b.record && a.tid == b.tid && a.first == b.first;
}

double PerSecond(uint64_t before, uint64_t now, int64_t ns) {
  return static_cast<double>(now - before) * 1e9 / static_cast<double>(ns);
}

std::string ClockText(const std::optional<ClockEvidence>& clock) {
  if (!clock) return "";
  return clock->cause == ClockCause::kStepped ? "stepped"
                                              : ClockRateText(clock->rate);
}

}  // namespace

HubRow RowOf(const HubSpan& span) {
  HubRow row{.tid = span.now.tid, .pending = span.now.timers};
  if (!span.before || span.duration_ns <= 0 ||
      !IsSameHub(*span.before, span.now)) {
    return row;
  }
  row.turns_per_second =
      PerSecond(span.before->iterations, span.now.iterations, span.duration_ns);
  row.fired_per_second = PerSecond(span.before->timers_fired,
                                   span.now.timers_fired, span.duration_ns);
  return row;
}

int64_t OverdueNs(const HubView& hub, int64_t now_real_ns) {
  if (hub.state == HubState::kFiringTimers || hub.state == HubState::kStopped ||
      !hub.next_deadline_ns) {
    return 0;
  }
  const std::optional<ClockEvidence> fault = FindClockFault(hub);
  if (fault && !IsSettled(*fault)) return 0;
  const std::optional<int64_t> until_ns =
      HubTime(hub, now_real_ns, fault).RealUntilNs(*hub.next_deadline_ns);
  return until_ns && *until_ns <= -kOnTimeNs ? -*until_ns : 0;
}

HubMeter::HubMeter(Family& family, Waiter& waiter)
    : family_(family), waiter_(waiter), window_begin_ns_(waiter.NowNs()) {
  FollowMembers();
  for (Member& member : members_) {
    for (const HubView& view :
         ReadHubs(member).value_or(std::vector<HubView>())) {
      member.hubs[view.record].at_begin = view;
    }
  }
  Look();
}

void HubMeter::FollowMembers() {
  std::vector<Member> members;
  for (const auto& attachment : family_.members()) {
    const auto known = std::find_if(
        members_.begin(), members_.end(), [&](const Member& member) {
          return member.attachment == attachment.get() &&
                 member.pid == attachment->process().pid();
        });
    if (known != members_.end()) {
      members.push_back(std::move(*known));
      continue;
    }
    Member& member = members.emplace_back(Member{
        .attachment = attachment.get(), .pid = attachment->process().pid()});
    auto kernel = KernelView::Open(member.pid);
    if (!kernel.ok()) continue;
    member.kernel = *std::move(kernel);
    member.judge = std::make_unique<HubJudge>(*attachment, *member.kernel);
  }
  members_ = std::move(members);
}

// nullopt: they are caught half-way each time, or what is published is garbage.
std::optional<std::vector<HubView>> HubMeter::ReadHubs(Member& member) {
  for (int i = 0; i < kAttempts; ++i) {
    absl::StatusOr<std::vector<HubView>> hubs = member.attachment->ReadHubs();
    if (hubs.ok()) return *std::move(hubs);
    if (!absl::IsAborted(hubs.status())) break;
  }
  return std::nullopt;
}

void HubMeter::Look() {
  const int64_t begin_ns = waiter_.NowNs();
  if (begin_ns < look_due_ns_) return;
  FollowMembers();
  for (Member& member : members_) {
    const auto views = ReadHubs(member);
    if (!views) continue;
    const int64_t now_ns = waiter_.NowNs();
    for (const HubView& view : *views) {
      Hub& hub = member.hubs[view.record];
      hub.most_overdue_ns =
          std::max(hub.most_overdue_ns, OverdueNs(view, now_ns));
    }
    if (member.judge) member.judge->Watch(*views, now_ns);
  }
  look_due_ns_ = begin_ns + kCostFactor * (waiter_.NowNs() - begin_ns);
}

void HubMeter::CloseWindow(const Recording& samples) {
  FollowMembers();
  rows_.clear();
  for (Member& member : members_) CloseMember(member, samples);
  window_begin_ns_ = waiter_.NowNs();
}

void HubMeter::CloseMember(Member& member, const Recording& samples) {
  const auto views = ReadHubs(member);
  if (!views || views->empty()) return;
  const int64_t duration_ns = waiter_.NowNs() - window_begin_ns_;
  if (member.judge) {
    member.judge->AddSamples(samples);
    member.judge->JudgeIfDue(*views, waiter_);
  }
  absl::flat_hash_map<Address, Hub> present;
  for (const HubView& view : *views) {
    Hub hub = std::move(member.hubs[view.record]);
    HubSpan span{
        .before = hub.at_begin, .now = view, .duration_ns = duration_ns};
    HubRow row = RowOf(span);
    row.late_ns = hub.most_overdue_ns;
    CountGreens(*member.attachment->hub_reader(), view, hub);
    row.greens = hub.greens;
    if (member.judge) {
      if (const auto finding = member.judge->FindingOf(view)) {
        row.verdict = std::string(VerdictName(finding->kind));
        row.is_well = finding->kind == VerdictKind::kHealthy;
        row.clock = ClockText(finding->clock);
      }
    }
    rows_.push_back(std::move(row));
    hub.at_begin = view;
    hub.most_overdue_ns = 0;
    present[view.record] = std::move(hub);
  }
  member.hubs = std::move(present);
}

void HubMeter::CountGreens(const HubReader& reader, const HubView& view,
                           Hub& hub) {
  const int64_t begin_ns = waiter_.NowNs();
  if (begin_ns < hub.greens_due_ns) return;
  hub.greens.reset();
  if (reader.ReadSlabs(view, slabs_).ok()) {
    GreenCounts& greens = hub.greens.emplace();
    const size_t size = reader.green_record_bytes();
    for (const SlabCopy& slab : slabs_) {
      const auto bytes = absl::MakeConstSpan(slab.bytes);
      for (size_t at = 0; at + size <= bytes.size(); at += size) {
        const auto state = reader.StateOfGreen(bytes.subspan(at, size));
        greens.run += state == GreenState::kRunning;
        greens.ready += state == GreenState::kReady;
        greens.wait += state == GreenState::kWaiting;
      }
    }
  }
  hub.greens_due_ns = begin_ns + kCostFactor * (waiter_.NowNs() - begin_ns);
}

}  // namespace hubspy
