#include "cli/hub_watcher.h"

#include <algorithm>
#include <memory>
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

std::vector<GreenThreadView> ReadGreenThreads(HubReader& reader,
                                              const HubView& hub) {
  // What cannot be had is missing from the verdict; it does not prevent it.
  return reader.ReadGreenThreads(hub).value_or(std::vector<GreenThreadView>());
}

std::optional<GreenThreadView> ReadOwnCode(HubReader& reader,
                                           const HubView& hub) {
  if (!hub.own_code) return std::nullopt;
  absl::StatusOr<GreenThreadView> own =
      reader.ReadGreenThread(hub, hub.own_code);
  if (!own.ok()) return std::nullopt;
  return *std::move(own);
}

void DescribeBegin(HubReader& reader, HubWatch& watch) {
  watch.green_threads_at_begin = ReadGreenThreads(reader, watch.begin);
  watch.own_code_at_begin = ReadOwnCode(reader, watch.begin);
}

// The rest of the evidence, as it is at the end.
class HubDescriber {
 public:
  explicit HubDescriber(Attachment& attachment) : attachment_(attachment) {}

  void Describe(HubWatch& watch) {
    HubReader& reader = *attachment_.hub_reader();
    watch.green_threads = ReadGreenThreads(reader, watch.end);
    watch.own_code = ReadOwnCode(reader, watch.end);
    for (GreenThreadView& green : watch.green_threads) {
      green.name = GreenThreadName(green, attachment_.modules(), symbolizer_);
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
  watch.process_threads = static_cast<int64_t>(threads.size());
  for (const ThreadInfo& thread : threads) {
    if (thread.tid != watch.end.tid) continue;
    if (thread.state == ThreadState::kRunning) ++watch.looks_running;
    if (thread.state == ThreadState::kStopped) ++watch.looks_stopped;
  }
}

class HubWatcher {
 public:
  HubWatcher(Attachment& attachment, KernelView& kernel, Waiter& waiter)
      : attachment_(attachment),
        kernel_(kernel),
        waiter_(waiter),
        describer_(attachment) {}

  absl::StatusOr<std::vector<HubWatch>> Watch(int64_t duration_ns) {
    absl::StatusOr<std::vector<HubView>> hubs = attachment_.ReadHubs();
    if (!hubs.ok()) return hubs.status();
    for (HubView& hub : *hubs) {
      watches_.push_back({.begin = hub, .end = std::move(hub)});
      DescribeBegin(*attachment_.hub_reader(), watches_.back());
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
      watch.was_to_be_watched_ns = duration_ns;
      watch.end_real_ns = waiter_.NowNs();
      watch.signals_handled = kernel_.SignalsHandled();
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
    return watched_ns >= duration_ns + kLongerNs || all([](const HubWatch& w) {
             return !MeasurableIfWatched(w.end, kLongerNs);
           });
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
  KernelView& kernel_;
  Waiter& waiter_;
  HubDescriber describer_;
  std::vector<HubWatch> watches_;
};

}  // namespace

absl::StatusOr<std::vector<HubWatch>> WatchHubs(Attachment& attachment,
                                                KernelView& kernel,
                                                Waiter& waiter,
                                                absl::Duration duration) {
  return HubWatcher(attachment, kernel, waiter)
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
    DescribeBegin(*attachment.hub_reader(), watch);
    describer.Describe(watch);
  }
  return watches;
}

void AddStacks(Attachment& attachment, const HubWatch& watch,
               Verdict& verdict) {
  if (!verdict.deadlock) return;
  Symbolizer symbolizer;
  for (auto* const links :
       {&verdict.deadlock->cycle, &verdict.deadlock->waiting}) {
    for (size_t i = 0; i < std::min(links->size(), kMaxStacks); ++i) {
      WaitLink& link = (*links)[i];
      // The thread's own code has Hub::Run on top of it.
      link.stack =
          link.waiter.id == 0
              ? watch.stack
              : NameStack(attachment.UnwindSuspended(watch.end, link.waiter),
                          attachment, symbolizer);
    }
  }
}

}  // namespace hubspy
