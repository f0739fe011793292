#include "green/debug.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "green/code_names.h"
#include "green/control_block.h"
#include "green/green_thread.h"
#include "green/hub.h"
#include "green/hub_view.h"
#include "green/report.h"
#include "green/timeout.h"
#include "green/traceback.h"
#include "green/watchdog.h"

namespace green::debug {
namespace {

using internal::ControlBlock;
using internal::FrameLines;
using internal::GreenRecord;
using internal::HubView;
using internal::Traceback;

// Of green threads with the same stack, so many are told apart.
constexpr size_t kToldApart = 8;

std::string Time(int64_t time_ns) {
  return absl::FormatDuration(absl::Nanoseconds(time_ns));
}

std::string StateName(abi::HubState state) {
  switch (state) {
    case abi::HubState::kRunning:
      return "running";
    case abi::HubState::kFiringTimers:
      return "firing timers";
    case abi::HubState::kPolling:
      return "polling";
    case abi::HubState::kStopped:
      return "stopped";
  }
  return "unknown";
}

std::string What(const GreenRecord& record) {
  const std::string object =
      record.waits_on.Get() == 0
          ? ""
          : absl::StrCat(" at 0x", absl::Hex(record.waits_on.Get()));
  switch (record.waits_for.Get()) {
    case abi::WaitReason::kNone:
      return "something";
    case abi::WaitReason::kTimer:
      return "a timer";
    case abi::WaitReason::kFd:
      return absl::StrCat("fd ", record.fd.Get());
    case abi::WaitReason::kJoin:
      return absl::StrCat("the end of green thread ", record.waits_on.Get());
    case abi::WaitReason::kPool:
      return absl::StrCat("a pool", object);
    case abi::WaitReason::kEvent:
      return absl::StrCat("an event", object);
    case abi::WaitReason::kSemaphore:
      return absl::StrCat("a semaphore", object);
    case abi::WaitReason::kMutex:
      return absl::StrCat("a mutex", object);
    case abi::WaitReason::kCondition:
      return absl::StrCat("a condition", object);
    case abi::WaitReason::kQueue:
      return absl::StrCat("a queue", object);
    case abi::WaitReason::kResource:
      return absl::StrCat("a resource", object);
    case abi::WaitReason::kOffload:
      return "a call on another thread";
    default:
      return absl::StrCat("something", object);
  }
}

// One hub at one time.
class HubText {
 public:
  explicit HubText(Hub& hub)
      : hub_(hub),
        record_(HubView::Record(hub)),
        now_ns_(HubView::ReadClock(hub)) {
    internal::ForEachGreenThread(
        record_, [this](ControlBlock& block) { blocks_.push_back(&block); });
    std::sort(blocks_.begin(), blocks_.end(),
              [](const ControlBlock* a, const ControlBlock* b) {
                return a->record.id.Get() < b->record.id.Get();
              });
  }

  // `here` is the caller's.
  std::string Write(const Traceback& here) {
    here_ = &here;
    AppendHub();
    AppendTimers();
    AppendDescriptors();
    AppendOwnCode();
    AppendGreenThreads();
    return std::move(text_);
  }

 private:
  struct Group {
    Traceback traceback;
    std::vector<const ControlBlock*> members;  // by id
  };

  template <typename... Parts>
  void Append(const Parts&... parts) {
    absl::StrAppend(&text_, parts...);
  }

  void AppendHub() {
    const HubStats stats = hub_.Stats();
    Append("hub of thread ", record_.thread_id.Get(), ": ",
           StateName(record_.state.Get()), ", ", Time(now_ns_),
           " by its clock\n");
    Append("  iterations ", stats.iterations, ", switches ", stats.switches,
           ", timers fired ", stats.timers_fired, ", ready ", stats.ready,
           "\n");
    Append("  busy ", absl::FormatDuration(stats.busy), ", polling ",
           absl::FormatDuration(stats.polling), ", idle ",
           absl::FormatDuration(stats.idle), ", at most ",
           absl::FormatDuration(stats.longest_between_polls),
           " between two polls\n");
    const Histogram& lateness = stats.timer_lateness;
    Append("  timers were late by ", Time(lateness.Percentile(0.5)),
           " (half of them), ", Time(lateness.Percentile(0.99)),
           " (99 of 100), ", Time(lateness.max_ns()), " at most\n");
    Append("  it was held for too long ", stats.blocking.count(),
           " times, for ", Time(stats.blocking.max_ns()), " at most\n");
  }

  void AppendTimers() {
    struct Pending {
      int64_t deadline_ns;
      const internal::Timer* timer;
    };
    std::vector<Pending> pending;
    HubView::Timers(hub_).ForEach(
        [&](int64_t deadline_ns, const internal::Timer& timer) {
          pending.push_back({deadline_ns, &timer});
        });
    std::stable_sort(pending.begin(), pending.end(),
                     [](const Pending& a, const Pending& b) {
                       return a.deadline_ns < b.deadline_ns;
                     });
    Append("timers: ", pending.size(), "\n");
    for (const Pending& each : pending) {
      Append("  ", When(each.deadline_ns), ": ", Purpose(*each.timer), "\n");
    }
  }

  std::string Purpose(const internal::Timer& timer) const {
    switch (timer.purpose()) {
      case internal::Timer::Purpose::kWakeGreenThread:
        return DescribeGreenThread(
            internal::ControlBlockOf(const_cast<internal::Timer&>(timer)));
      case internal::Timer::Purpose::kTimeout:
        return "a Timeout";
      case internal::Timer::Purpose::kCallBack:
        return "a callback";
    }
    return "unknown";
  }

  void AppendDescriptors() {
    std::vector<const ControlBlock*> waiting;
    for (const ControlBlock* block : AllBlocks()) {
      if (block->record.state.Get() == abi::GreenState::kWaiting &&
          block->record.waits_for.Get() == abi::WaitReason::kFd) {
        waiting.push_back(block);
      }
    }
    std::stable_sort(waiting.begin(), waiting.end(),
                     [](const ControlBlock* a, const ControlBlock* b) {
                       return a->record.fd.Get() < b->record.fd.Get();
                     });
    Append("fds that are waited for: ", waiting.size(), "\n");
    for (const ControlBlock* block : waiting) {
      Append("  fd ", block->record.fd.Get(), ": ", DescribeGreenThread(*block),
             "\n");
    }
  }

  std::vector<const ControlBlock*> AllBlocks() const {
    std::vector<const ControlBlock*> all(blocks_.begin(), blocks_.end());
    all.push_back(&HubView::OwnCode(hub_));
    return all;
  }

  // It lies below the loop, on the thread's stack.
  void AppendOwnCode() {
    const ControlBlock& own = HubView::OwnCode(hub_);
    const ControlBlock* const running = HubView::Running(hub_);
    Append("the thread's own code and the loop: ");
    if (running == &own) {
      Append("running\n");
    } else if (own.record.state.Get() == abi::GreenState::kWaiting) {
      Append("waits for ", What(own.record), Until(own.record), "\n");
    } else {
      Append("in Hub::Run\n");
    }
    const uint64_t saved_sp = record_.run_saved_sp.Get();
    Append(FrameLines(
        saved_sp != 0 ? internal::TraceContext(saved_sp, {}) : *here_, 0,
        "    "));
  }

  void AppendGreenThreads() {
    Append("green threads: ", blocks_.size(), "\n");
    for (const Group& group : Groups()) {
      const size_t told = std::min(kToldApart, group.members.size());
      for (size_t i = 0; i < told; ++i) AppendLine(*group.members[i]);
      if (told < group.members.size()) {
        Append("  the same stack: ", group.members.size() - told, " more: ids ",
               Ids(group.members, told), "\n");
      }
      Append(FrameLines(group.traceback, 0, "    "));
    }
  }

  // In the order of their first members.
  std::vector<Group> Groups() const {
    std::vector<Group> groups;
    std::unordered_map<std::string, size_t> by_stack;
    for (const ControlBlock* block : blocks_) {
      const Traceback traceback = Trace(*block);
      std::string key(reinterpret_cast<const char*>(traceback.addresses.data()),
                      traceback.count * sizeof(traceback.addresses[0]));
      absl::StrAppend(&key, traceback.left_out);
      const auto [at, is_new] = by_stack.emplace(std::move(key), groups.size());
      if (is_new) groups.push_back({.traceback = traceback, .members = {}});
      groups[at->second].members.push_back(block);
    }
    return groups;
  }

  Traceback Trace(const ControlBlock& block) const {
    if (&block == HubView::Running(hub_)) return *here_;
    const uint64_t saved_sp = block.record.saved_sp.Get();
    if (saved_sp == 0) return {};
    return internal::TraceContext(saved_sp, {block.record.stack_begin.Get(),
                                             block.record.stack_end.Get()});
  }

  void AppendLine(const ControlBlock& block) {
    const GreenRecord& record = block.record;
    Append("  ", DescribeGreenThread(block), ": ");
    switch (record.state.Get()) {
      case abi::GreenState::kReady:
        Append("ready");
        break;
      case abi::GreenState::kRunning:
        Append("running");
        break;
      case abi::GreenState::kWaiting:
        Append("waits for ", What(record), Until(record));
        break;
      case abi::GreenState::kFinished:
        Append("finished, but for what goes with it");
        break;
    }
    if (block.begun()) {
      Append(", since ", Time(now_ns_ - record.last_switched_ns.Get()));
    } else {
      Append(", not begun, made ", Time(now_ns_ - record.created_ns.Get()),
             " ago");
    }
    if (const uint64_t site = record.spawn_site.Get(); site != 0) {
      Append(", spawned in ", SpawnPlace(site));
    }
    if (const uint64_t parent = record.parent.Get(); parent != 0) {
      Append(" by green thread ", parent);
    }
    Append("\n");
  }

  std::string When(int64_t deadline_ns) const {
    const int64_t left_ns = deadline_ns - now_ns_;
    return left_ns >= 0 ? absl::StrCat("in ", Time(left_ns))
                        : absl::StrCat("due since ", Time(-left_ns));
  }

  std::string Until(const GreenRecord& record) const {
    const int64_t deadline_ns = record.deadline_ns.Get();
    if (deadline_ns == abi::kNoTime) return "";
    return absl::StrCat(" (", When(deadline_ns), ")");
  }

  // "4 to 9, 12"
  static std::string Ids(const std::vector<const ControlBlock*>& blocks,
                         size_t first) {
    std::string ids;
    for (size_t i = first; i < blocks.size();) {
      const uint64_t begin = blocks[i]->record.id.Get();
      uint64_t last = begin;
      while (++i < blocks.size() && blocks[i]->record.id.Get() == last + 1) {
        ++last;
      }
      absl::StrAppend(&ids, ids.empty() ? "" : ", ", begin);
      if (last > begin) absl::StrAppend(&ids, " to ", last);
    }
    return ids;
  }

  const std::string& SpawnPlace(uint64_t site) {
    std::string& name = spawn_places_[site];
    if (name.empty()) name = internal::PlaceName(site - 1);
    return name;
  }

  Hub& hub_;
  const internal::HubRecord& record_;
  const int64_t now_ns_;
  std::vector<ControlBlock*> blocks_;  // by id
  const Traceback* here_ = nullptr;
  std::unordered_map<uint64_t, std::string> spawn_places_;
  std::string text_;
};

}  // namespace

std::string FormatHub() {
  Hub& hub = Hub::Current();
  const ControlBlock* const running = HubView::Running(hub);
  const bool on_green_stack = running != nullptr && running->begun();
  const Traceback here = internal::TraceHere(
      on_green_stack ? internal::StackBounds{running->record.stack_begin.Get(),
                                             running->record.stack_end.Get()}
                     : internal::StackBounds());
  return HubText(hub).Write(here);
}

void DumpHub() {
  const std::string text = FormatHub();
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void SetBlockingDetection(absl::Duration limit) {
  Hub& hub = Hub::Current();
  std::unique_ptr<internal::Watchdog>& watchdog = HubView::TheWatchdog(hub);
  const int64_t limit_ns = internal::DelayNanoseconds(limit);
  if (limit_ns > 0) {
    if (watchdog == nullptr) {
      watchdog = std::make_unique<internal::Watchdog>(HubView::Record(hub));
    }
    watchdog->Start(limit_ns);
  } else if (watchdog != nullptr) {
    watchdog->Stop();
  }
}

void SetReportSink(std::function<void(absl::string_view report)> sink) {
  internal::SetReportSink(std::move(sink));
}

}  // namespace green::debug
