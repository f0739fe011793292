#include "cli/hub_watcher.h"

#include <algorithm>
#include <utility>

#include "cli/naming.h"
#include "diagnose/diagnose.h"
#include "target/system_call_name.h"

namespace hubspy {
namespace {

// Two reads of some 300 bytes, and a line of /proc per thread: 100 looks at a
// hub in the default 2 s cost the machine less than a millisecond a second.
constexpr int64_t kIntervalNs = 20'000'000;
// A loop whose next timer is 2 s away turns once in that time; a little more.
constexpr int64_t kLongerNs = 2'500'000'000;

// The rest of the evidence, as it is at the end.
class HubDescriber {
 public:
  explicit HubDescriber(Attachment& attachment) : attachment_(attachment) {}

  void Describe(HubWatch& watch) {
    // What cannot be had is missing from the verdict; it does not prevent it.
    if (absl::StatusOr<std::vector<GreenThreadView>> green_threads =
            attachment_.hub_reader()->ReadGreenThreads(watch.end);
        green_threads.ok()) {
      watch.green_threads = *std::move(green_threads);
      for (GreenThreadView& green : watch.green_threads) {
        green.name = GreenThreadName(green, attachment_.modules(), symbolizer_);
      }
    }
    const absl::StatusOr<ThreadCapture> capture =
        attachment_.Capture(watch.end.tid);
    if (!capture.ok()) return;
    if (capture->snapshot.system_call) {
      watch.system_call = SystemCallName(capture->snapshot.system_call->number);
    }
    watch.stack = NameStack(capture->stack, attachment_, symbolizer_);
  }

 private:
  Attachment& attachment_;
  Symbolizer symbolizer_;
};

// How many of these looks found the hub's thread how.
void CountLook(const std::vector<ThreadInfo>& threads, HubWatch& watch) {
  ++watch.looks;
  for (const ThreadInfo& thread : threads) {
    if (thread.tid != watch.end.tid) continue;
    if (thread.state == ThreadState::kRunning) ++watch.looks_running;
    if (thread.state == ThreadState::kStopped) ++watch.looks_stopped;
  }
}

class HubWatcher {
 public:
  HubWatcher(Attachment& attachment, Waiter& waiter)
      : attachment_(attachment), waiter_(waiter), describer_(attachment) {}

  absl::StatusOr<std::vector<HubWatch>> Watch(int64_t duration_ns) {
    absl::StatusOr<std::vector<HubView>> hubs = attachment_.ReadHubs();
    if (!hubs.ok()) return hubs.status();
    for (HubView& hub : *hubs) {
      watches_.push_back({.begin = hub, .end = std::move(hub)});
    }
    const int64_t begin_ns = waiter_.NowNs();
    while (!watches_.empty() && !waiter_.stop_requested()) {
      if (absl::Status status = LookAtThreads(); !status.ok()) return status;
      if (Done(waiter_.NowNs() - begin_ns, duration_ns)) break;
      waiter_.WaitUntil(waiter_.NowNs() + kIntervalNs);
      if (absl::Status status = LookAtHubs(); !status.ok()) return status;
    }
    for (HubWatch& watch : watches_) {
      watch.watched_ns = waiter_.NowNs() - begin_ns;
      watch.end_real_ns = waiter_.NowNs();
      describer_.Describe(watch);
    }
    return std::move(watches_);
  }

 private:
  bool Done(int64_t watched_ns, int64_t duration_ns) const {
    const auto all = [this](auto predicate) {
      return std::all_of(watches_.begin(), watches_.end(), predicate);
    };
    if (all([](const HubWatch& w) {
          return FindClockFault(w.end).has_value();
        })) {
      return true;
    }
    if (watched_ns < duration_ns) return false;
    return watched_ns >= duration_ns + kLongerNs ||
           all([](const HubWatch& w) { return ClockIsMeasurable(w.end); });
  }

  absl::Status LookAtThreads() {
    absl::StatusOr<std::vector<ThreadInfo>> threads =
        attachment_.process().Threads();
    if (!threads.ok()) return threads.status();
    for (HubWatch& watch : watches_) CountLook(*threads, watch);
    return absl::OkStatus();
  }

  absl::Status LookAtHubs() {
    for (HubWatch& watch : watches_) {
      absl::StatusOr<HubView> hub =
          attachment_.hub_reader()->ReadHub(watch.end.record);
      if (absl::IsAborted(hub.status())) continue;  // caught while it turned
      if (!hub.ok()) return hub.status();
      watch.end = *std::move(hub);
    }
    return absl::OkStatus();
  }

  Attachment& attachment_;
  Waiter& waiter_;
  HubDescriber describer_;
  std::vector<HubWatch> watches_;
};

}  // namespace

absl::StatusOr<std::vector<HubWatch>> WatchHubs(Attachment& attachment,
                                                Waiter& waiter,
                                                absl::Duration duration) {
  return HubWatcher(attachment, waiter)
      .Watch(absl::ToInt64Nanoseconds(duration));
}

absl::StatusOr<std::vector<HubWatch>> LookAtHubsOnce(Attachment& attachment) {
  absl::StatusOr<std::vector<HubView>> hubs = attachment.ReadHubs();
  if (!hubs.ok()) return hubs.status();
  absl::StatusOr<std::vector<ThreadInfo>> threads =
      attachment.process().Threads();
  if (!threads.ok()) return threads.status();
  int64_t latest_real_ns = INT64_MIN;
  for (const HubView& hub : *hubs) {
    latest_real_ns = std::max(
        {latest_real_ns, hub.last.witness_real_ns, hub.poll_entered_real_ns});
  }
  HubDescriber describer(attachment);
  std::vector<HubWatch> watches;
  for (const HubView& hub : *hubs) {
    HubWatch& watch =
        watches.emplace_back(HubWatch{.one_instant = true,
                                      .begin = hub,
                                      .end = hub,
                                      .end_real_ns = latest_real_ns});
    CountLook(*threads, watch);
    describer.Describe(watch);
  }
  return watches;
}

}  // namespace hubspy
