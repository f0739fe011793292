#include "cli/hub_evidence.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "cli/annotator.h"
#include "cli/naming.h"
#include "diagnose/diagnose.h"
#include "diagnose/facts.h"
#include "target/now.h"
#include "target/system_call_name.h"
#include "view/annotation.h"

namespace hubspy {
namespace {

// Of a circle of ten thousand, the first few stacks tell as much as all.
constexpr size_t kMaxStacks = 16;
constexpr int kBusyLooks = 50;
// Clock readings: those of a minute and a half, at one each 20 ms.
constexpr size_t kMaxClockReadings = 5000;
// Some thirty of the steps in which the kernel counts CPU time.
constexpr int64_t kCpuUsersNs = 300'000'000;

std::vector<GreenThreadView> ReadGreenThreads(HubReader& reader,
                                              const HubView& hub) {
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

bool WaitsForFd(const GreenThreadView& green) {
  return green.state == GreenState::kWaiting &&
         green.waiting_for == WaitReason::kFd && green.fd &&
         green.waits_on != 0;
}

bool IsReady(const FdFacts& fd, FdDirection direction) {
  return (direction == FdDirection::kWrite ? fd.writable : fd.readable)
      .value_or(false);
}

void CountFd(const GreenThreadView& green, const KernelView& kernel,
             BusiestLooks& looks) {
  const auto direction = static_cast<FdDirection>(green.waits_on);
  const FdFacts fd = kernel.LookAtFd(*green.fd);
  const bool is_first = looks.on_fd == 0;
  const bool is_same =
      is_first || (looks.fd->fd == fd.fd && looks.direction == direction);
  looks.fd_was_always_ready = (is_first || looks.fd_was_always_ready) &&
                              is_same && IsReady(fd, direction);
  looks.fd_stayed_as_it_was =
      (is_first || looks.fd_stayed_as_it_was) && (is_first || *looks.fd == fd);
  looks.direction = direction;
  looks.fd = fd;
  ++looks.on_fd;
}

// In the middle of green code, and not on a CPU.
bool SleepsInACall(const HubWatch& watch) {
  return facts::HubIsHeld(watch) && !facts::MostlyRunning(watch);
}

}  // namespace

// When there are too many clock readings, the latest one stands for those since
// the last but one.
void SeeAgain(HubView view, HubWatch& watch) {
  watch.end = std::move(view);
  std::vector<ClockReading>& readings = watch.clock_readings;
  if (!readings.empty() && readings.back() == watch.end.last) return;
  if (readings.size() == kMaxClockReadings) readings.pop_back();
  readings.push_back(watch.end.last);
}

void CountLook(ThreadState state, HubWatch& watch) {
  ++watch.looks;
  if (state == ThreadState::kRunning) ++watch.looks_running;
  if (state == ThreadState::kStopped) ++watch.looks_stopped;
}

std::optional<ThreadSchedule> Between(
    const std::optional<ThreadSchedule>& begin,
    const std::optional<ThreadSchedule>& end) {
  if (!begin || !end) return std::nullopt;
  return ThreadSchedule{.run_ns = end->run_ns - begin->run_ns,
                        .wait_ns = end->wait_ns - begin->wait_ns};
}

void HubDescriber::DescribeBegin(HubWatch& watch) {
  HubReader& reader = *attachment_.hub_reader();
  if (kernel_ != nullptr) {
    watch.cgroups_at_begin = kernel_->Cgroups(watch.begin.tid);
  }
  watch.green_threads_at_begin = ReadGreenThreads(reader, watch.begin);
  watch.own_code_at_begin = ReadOwnCode(reader, watch.begin);
  if (kernel_ == nullptr) return;
  const int64_t until_ns = NowNs() + effort_.fd_looks_ns;
  const auto add = [&](const GreenThreadView& green) {
    if (!WaitsForFd(green)) return;
    if (NowNs() >= until_ns) {
      ++watch.fd_waits_left_out;
      return;
    }
    watch.fd_waits.push_back(
        {.green_thread = green.id,
         .direction = static_cast<FdDirection>(green.waits_on),
         .at_begin = kernel_->LookAtFd(*green.fd)});
  };
  for (const GreenThreadView& green : watch.green_threads_at_begin) add(green);
  if (watch.own_code_at_begin) add(*watch.own_code_at_begin);
}

// Looks again at the fds of those that still wait as they did.
void HubDescriber::KeepLastingFdWaits(HubWatch& watch) {
  absl::flat_hash_map<uint64_t,
                      std::pair<const GreenThreadView*, const GreenThreadView*>>
      seen;
  for (const GreenThreadView& green : watch.green_threads_at_begin) {
    seen[green.id].first = &green;
  }
  for (const GreenThreadView& green : watch.green_threads) {
    seen[green.id].second = &green;
  }
  // That is not counted when it is switched to.
  if (watch.own_code_at_begin && watch.own_code &&
      watch.begin.iterations == watch.end.iterations) {
    seen[0] = {&*watch.own_code_at_begin, &*watch.own_code};
  }
  std::vector<FdWait> lasting;
  for (FdWait& wait : watch.fd_waits) {
    const auto [before, after] = seen[wait.green_thread];
    if (before == nullptr || after == nullptr || !WaitsForFd(*after) ||
        before->switches != after->switches || before->fd != after->fd) {
      continue;
    }
    wait.at_end = kernel_->LookAtFd(*after->fd);
    lasting.push_back(std::move(wait));
  }
  watch.fd_waits = std::move(lasting);
}

void HubDescriber::DescribeEnd(WatchedHub& hub) {
  HubWatch& watch = hub.watch;
  HubReader& reader = *attachment_.hub_reader();
  if (kernel_ != nullptr) {
    watch.cgroups = kernel_->Cgroups(watch.end.tid);
    watch.tracer = kernel_->TracerOf(watch.end.tid);
    watch.signals_handled = kernel_->SignalsHandled();
  }
  watch.green_threads = ReadGreenThreads(reader, watch.end);
  watch.own_code = ReadOwnCode(reader, watch.end);
  KeepLastingFdWaits(watch);
  for (GreenThreadView& green : watch.green_threads) {
    if (effort_.verdict_only) break;
    green.name = NameGreenThread(green.name, green.entry, attachment_.modules(),
                                 symbolizer_);
  }
  if (!effort_.verdict_only || BusiestGreenThread(watch)) NameSamples(hub);
  // One that may not run, or hardly gets to, is not asked to stop.
  if (!watch.cgroups.frozen.empty() || IsStarved(watch)) return;
  if (effort_.verdict_only && !SleepsInACall(watch)) return;
  const absl::StatusOr<ThreadCapture> capture =
      attachment_.Capture(watch.end.tid);
  if (!capture.ok()) return;
  if (!effort_.verdict_only) {
    watch.stack = NameStack(capture->stack, attachment_, symbolizer_);
  }
  if (!capture->snapshot.system_call) return;
  watch.call = Explain(watch.end.tid, *capture->snapshot.system_call);
  if (kernel_ != nullptr && watch.call->fd) {
    watch.polled_fds = kernel_->PolledFds(watch.call->fd->fd);
  }
  FollowMutexes(watch);
}

void HubDescriber::NameSamples(WatchedHub& hub) {
  for (const auto& [key, count] : hub.running.counts()) {
    hub.watch.samples.push_back(
        {.stack = NameStack(hub.running.stacks()[key.stack], attachment_,
                            symbolizer_),
         .count = count});
  }
}

void HubDescriber::FindCpuUsers(Waiter& waiter, HubWatch& watch) {
  if (!IsStarved(watch)) return;
  const CpuTimes begin = kernel_->CpuTimesNow(watch.end.tid);
  const int64_t begin_ns = waiter.NowNs();
  waiter.WaitUntil(begin_ns + kCpuUsersNs);
  const CpuTimes end = kernel_->CpuTimesNow(watch.end.tid);
  watch.cpu_users = CpuUsersBetween(begin, end, waiter.NowNs() - begin_ns,
                                    attachment_.process().pid());
}

CallFacts HubDescriber::Explain(ThreadId tid, const SystemCall& call) {
  if (kernel_ == nullptr) return {.name = SystemCallName(call.number)};
  return kernel_->Explain(tid, call, attachment_.process().memory());
}

void HubDescriber::FollowMutexes(HubWatch& watch) {
  std::optional<ThreadId> next = watch.call->mutex_holder;
  while (next && watch.holders.size() < kMaxStacks) {
    const ThreadId tid = *next;
    const bool is_known =
        tid == watch.end.tid ||
        std::any_of(watch.holders.begin(), watch.holders.end(),
                    [tid](const ThreadWait& w) { return w.tid == tid; });
    if (is_known) break;
    ThreadWait& holder = watch.holders.emplace_back(ThreadWait{.tid = tid});
    if (auto info = attachment_.process().Thread(tid); info.ok()) {
      holder.name = std::move(info->name);
      holder.state = info->state;
    }
    next.reset();
    const absl::StatusOr<ThreadCapture> capture = attachment_.Capture(tid);
    if (!capture.ok()) break;
    holder.stack = NameStack(capture->stack, attachment_, symbolizer_);
    if (!capture->snapshot.system_call) break;
    holder.call = Explain(tid, *capture->snapshot.system_call);
    next = holder.call->mutex_holder;
  }
}

void HubDescriber::LookAtBusiest(Waiter& waiter, HubWatch& watch) {
  const std::optional<GreenThreadView> busiest = BusiestGreenThread(watch);
  if (!busiest) return;
  BusiestLooks looks{.green_thread = busiest->id};
  for (; looks.looks < kBusyLooks && !waiter.stop_requested(); ++looks.looks) {
    const absl::StatusOr<GreenThreadView> green =
        attachment_.hub_reader()->ReadGreenThread(watch.end, busiest->record);
    if (!green.ok() || green->id != busiest->id) break;
    if (green->state != GreenState::kWaiting) {
      ++looks.ready;
    } else if (green->waiting_for == WaitReason::kTimer) {
      ++looks.on_timer;
    } else if (green->waiting_for == WaitReason::kFd && green->fd) {
      CountFd(*green, *kernel_, looks);
    }
    waiter.WaitUntil(waiter.NowNs() + effort_.busy_look_interval_ns);
  }
  watch.busiest = looks;
}

std::vector<ThreadWait> HubDescriber::DescribeThreads() {
  std::vector<ThreadWait> threads;
  const auto infos = attachment_.process().Threads();
  if (!infos.ok()) return threads;
  for (const ThreadInfo& info : *infos) {
    ThreadWait& thread = threads.emplace_back(
        ThreadWait{.tid = info.tid, .name = info.name, .state = info.state});
    const absl::StatusOr<ThreadCapture> capture = attachment_.Capture(info.tid);
    if (!capture.ok()) continue;
    thread.stack = NameStack(capture->stack, attachment_, symbolizer_);
    if (capture->snapshot.system_call) {
      thread.call = Explain(info.tid, *capture->snapshot.system_call);
    }
  }
  return threads;
}

void HubDescriber::Complete(const WatchedHub& hub, Verdict& verdict) {
  if (verdict.kind == VerdictKind::kNotYielding && !verdict.hot_lines.empty()) {
    Annotator annotator(attachment_, symbolizer_,
                        verdict.hot_lines[0].frame.function);
    const auto places = annotator.FindPlaces(hub.running, false);
    if (!places.empty()) {
      verdict.loop = LoopSentence(annotator.Annotate(places[0]));
    }
  }
  if (verdict.lost && verdict.lost->green_thread &&
      verdict.lost->green_thread->id != 0) {
    verdict.stack = NameStack(
        attachment_.UnwindSuspended(hub.watch.end, *verdict.lost->green_thread),
        attachment_, symbolizer_);
  }
  if (verdict.deadlock) AddStacks(hub.watch, *verdict.deadlock);
}

void HubDescriber::AddStacks(const HubWatch& watch,
                             DeadlockEvidence& deadlock) {
  for (auto* const links : {&deadlock.cycle, &deadlock.waiting}) {
    for (size_t i = 0; i < std::min(links->size(), kMaxStacks); ++i) {
      WaitLink& link = (*links)[i];
      // The thread's own code has Hub::Run on top of it.
      link.stack =
          link.waiter.id == 0
              ? watch.stack
              : NameStack(attachment_.UnwindSuspended(watch.end, link.waiter),
                          attachment_, symbolizer_);
    }
  }
}

}  // namespace hubspy
