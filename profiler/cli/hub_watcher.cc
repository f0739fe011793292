#include "cli/hub_watcher.h"

#include <algorithm>
#include <utility>

#include "diagnose/diagnose.h"
#include "diagnose/hub_time.h"

namespace hubspy {
namespace {

// Two reads of some 300 bytes, and a line of /proc per thread: 100 looks at a
// hub in the default 2 s cost the machine less than a millisecond a second.
constexpr int64_t kWatchIntervalNs = 20'000'000;
// A loop whose next timer is 2 s away turns once in that time; a little more.
constexpr int64_t kLongerNs = 2'500'000'000;
// One that was found running so often in a row is worth a stop, to see where.
constexpr int64_t kLooksBeforeSamples = 5;

// One that gets less of a CPU has to be waited for before it stops.
constexpr double kEnoughOfACpu = 0.25;
// A second in all, which is many turns of a crowded CPU.
constexpr int kPatience = 200;
constexpr int64_t kPauseNs = 5'000'000;

// How many of these looks found the hub's thread how.
void CountLookAt(const std::vector<ThreadInfo>& threads, HubWatch& watch) {
  watch.process_threads = static_cast<int64_t>(threads.size());
  for (const ThreadInfo& thread : threads) {
    if (thread.tid == watch.end.tid) CountLook(thread.state, watch);
  }
}

class HubWatcher {
 public:
  HubWatcher(Attachment& attachment, const KernelView& kernel, Waiter& waiter,
             HubDescriber& describer)
      : attachment_(attachment),
        kernel_(kernel),
        waiter_(waiter),
        describer_(describer) {}

  absl::StatusOr<std::vector<WatchedHub>> Watch(int64_t duration_ns) {
    absl::StatusOr<std::vector<HubView>> views =
        ReadHubsPatiently(attachment_, waiter_);
    if (!views.ok()) return views.status();
    std::vector<std::optional<ThreadSchedule>> schedules;
    for (HubView& view : *views) {
      hubs_.push_back({.watch = {.begin = view}});
      SeeAgain(std::move(view), hubs_.back().watch);
      describer_.DescribeBegin(hubs_.back().watch);
      schedules.push_back(kernel_.Schedule(hubs_.back().watch.end.tid));
    }
    const int64_t begin_ns = waiter_.NowNs();
    while (!hubs_.empty() && !waiter_.stop_requested()) {
      if (absl::Status status = LookAtThreads(); !status.ok()) return status;
      if (Done(waiter_.NowNs() - begin_ns, duration_ns)) break;
      waiter_.WaitUntil(waiter_.NowNs() + kWatchIntervalNs);
      if (absl::Status status = LookAtHubs(); !status.ok()) return status;
    }
    for (size_t i = 0; i < hubs_.size(); ++i) {
      HubWatch& watch = hubs_[i].watch;
      watch.watched_ns = waiter_.NowNs() - begin_ns;
      watch.was_to_be_watched_ns = duration_ns;
      watch.end_real_ns = waiter_.NowNs();
      watch.schedule = Between(schedules[i], kernel_.Schedule(watch.end.tid));
      describer_.DescribeEnd(hubs_[i]);
    }
    for (WatchedHub& hub : hubs_) {
      describer_.FindCpuUsers(waiter_, hub.watch);
      describer_.LookAtBusiest(waiter_, hub.watch);
    }
    return std::move(hubs_);
  }

 private:
  bool Done(int64_t watched_ns, int64_t duration_ns) const {
    const auto all = [this](auto predicate) {
      return std::all_of(
          hubs_.begin(), hubs_.end(),
          [&](const WatchedHub& hub) { return predicate(hub.watch); });
    };
    if (all([](const HubWatch& watch) {
          const std::optional<ClockEvidence> fault = FindClockFault(watch);
          return fault && IsSettled(*fault);
        })) {
      return true;
    }
    if (watched_ns < duration_ns) return false;
    return watched_ns >= duration_ns + kLongerNs ||
           all([this](const HubWatch& watch) {
             return !MeasurableIfWatched(watch.end, waiter_.NowNs(), kLongerNs);
           });
  }

  absl::Status LookAtThreads() {
    absl::StatusOr<std::vector<ThreadInfo>> threads =
        attachment_.process().Threads();
    if (!threads.ok()) return threads.status();
    for (WatchedHub& hub : hubs_) {
      CountLookAt(*threads, hub.watch);
      SampleIfBusy(hub);
    }
    return absl::OkStatus();
  }

  void SampleIfBusy(WatchedHub& hub) {
    const HubWatch& watch = hub.watch;
    const bool gets_its_cpu = RanSinceLastLook(hub) >= kEnoughOfACpu;
    if (watch.looks < kLooksBeforeSamples ||
        watch.looks_running < watch.looks || !gets_its_cpu) {
      return;
    }
    const absl::StatusOr<ThreadCapture> capture =
        attachment_.Capture(watch.end.tid);
    if (!capture.ok()) return;
    hub.running.Add({.tid = watch.end.tid,
                     .stack = hub.running.Intern(capture->stack),
                     .idle = false},
                    1);
  }

  // The share of the time that it was on a CPU; 1 where that is not known.
  double RanSinceLastLook(WatchedHub& hub) {
    const std::optional<ThreadSchedule> schedule =
        kernel_.Schedule(hub.watch.end.tid);
    if (!schedule) return 1;
    const int64_t now_ns = waiter_.NowNs();
    const int64_t ran_ns =
        schedule->run_ns - std::exchange(hub.run_ns, schedule->run_ns);
    const int64_t elapsed_ns = now_ns - std::exchange(hub.looked_at_ns, now_ns);
    return elapsed_ns <= 0
               ? 0
               : static_cast<double>(ran_ns) / static_cast<double>(elapsed_ns);
  }

  absl::Status LookAtHubs() {
    for (WatchedHub& hub : hubs_) {
      absl::StatusOr<HubView> view =
          attachment_.hub_reader()->ReadHub(hub.watch.end.record);
      if (absl::IsAborted(view.status())) continue;  // caught while it turned
      if (!view.ok()) return view.status();
      SeeAgain(*std::move(view), hub.watch);
    }
    return absl::OkStatus();
  }

  Attachment& attachment_;
  const KernelView& kernel_;
  Waiter& waiter_;
  HubDescriber& describer_;
  std::vector<WatchedHub> hubs_;
};

}  // namespace

absl::StatusOr<std::vector<HubView>> ReadHubsPatiently(Attachment& attachment,
                                                       Waiter& waiter) {
  absl::StatusOr<std::vector<HubView>> views = attachment.ReadHubs();
  for (int i = 0; i < kPatience && absl::IsAborted(views.status()); ++i) {
    waiter.WaitUntil(waiter.NowNs() + kPauseNs);
    views = attachment.ReadHubs();
  }
  return views;
}

absl::StatusOr<std::vector<WatchedHub>> WatchHubs(Attachment& attachment,
                                                  const KernelView& kernel,
                                                  Waiter& waiter,
                                                  HubDescriber& describer,
                                                  absl::Duration duration) {
  return HubWatcher(attachment, kernel, waiter, describer)
      .Watch(absl::ToInt64Nanoseconds(duration));
}

absl::StatusOr<std::vector<WatchedHub>> LookAtHubsOnce(
    Attachment& attachment, HubDescriber& describer) {
  absl::StatusOr<std::vector<HubView>> views = attachment.ReadHubs();
  if (!views.ok()) return views.status();
  absl::StatusOr<std::vector<ThreadInfo>> threads =
      attachment.process().Threads();
  if (!threads.ok()) return threads.status();
  const int64_t latest_real_ns = LatestRealNs(*views);
  std::vector<WatchedHub> hubs;
  for (const HubView& view : *views) {
    WatchedHub& hub =
        hubs.emplace_back(WatchedHub{.watch = {.one_instant = true,
                                               .begin = view,
                                               .end = view,
                                               .end_real_ns = latest_real_ns}});
    CountLookAt(*threads, hub.watch);
    describer.DescribeBegin(hub.watch);
    describer.DescribeEnd(hub);
  }
  return hubs;
}

}  // namespace hubspy
