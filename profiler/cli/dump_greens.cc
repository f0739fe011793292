#include "cli/dump_greens.h"

#include <algorithm>
#include <random>
#include <string>
#include <tuple>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "cli/hub_watcher.h"
#include "cli/naming.h"
#include "cli/signal_waiter.h"
#include "diagnose/hub_time.h"
#include "model/numbers.h"
#include "sample/pacer.h"
#include "target/now.h"

namespace hubspy {
namespace {

constexpr double kLooksHz = 100;
// A look at an fd takes some 20 us.
constexpr size_t kMaxFds = 10'000;

// No thread is suspended at 0. gdb writes zeros for a mapping of which it
// cannot read all, such as one with guard pages in it.
bool IsZeroed(const WatchedGreen& green) {
  return green.view.context && green.stack != nullptr &&
         !green.stack->frames.empty() && !green.stack->frames.front().address();
}

}  // namespace

absl::StatusOr<std::vector<HubView>> GreenDumper::ReadHubs() {
  if (kernel_ == nullptr) return attachment_.ReadHubs();
  SignalWaiter waiter;
  return ReadHubsPatiently(attachment_, waiter);
}

absl::Status GreenDumper::Watch(int64_t duration_ns) {
  SignalWaiter waiter;
  watched_since_ns_ = waiter.NowNs();
  Pacer pacer(kLooksHz, std::random_device()(), *watched_since_ns_);
  std::optional<int64_t> until_ns;
  while (!waiter.stop_requested()) {
    const int64_t look_ns = waiter.NowNs();
    const auto hubs = ReadHubsPatiently(attachment_, waiter);
    if (!hubs.ok()) return hubs.status();
    if (hubs->empty()) break;  // there is nothing to watch
    for (const HubView& hub : *hubs) {
      const auto watch = attachment_.LookAtGreenThreadsOf(hub);
      if (!watch.ok()) return watch.status();
    }
    const int64_t now_ns = waiter.NowNs();
    if (!until_ns) until_ns = now_ns + duration_ns;
    const int64_t next_ns =
        std::max(pacer.due_ns(), now_ns + (now_ns - look_ns));
    waiter.WaitUntil(std::min(*until_ns, next_ns));
    if (waiter.NowNs() >= *until_ns) break;  // Describe looks once more
    pacer.Take(waiter.NowNs());
  }
  return absl::OkStatus();
}

absl::Status GreenDumper::Describe(Dump& dump) {
  const absl::StatusOr<std::vector<HubView>> hubs = ReadHubs();
  if (!hubs.ok()) return hubs.status();
  for (const HubView& hub : *hubs) {
    const int64_t now_real_ns =
        kernel_ == nullptr ? LatestRealNs(*hubs) : NowNs();
    if (absl::Status status = DescribeHub(hub, now_real_ns, dump);
        !status.ok()) {
      return status;
    }
  }
  std::sort(dump.hubs.begin(), dump.hubs.end(),
            [](const auto& a, const auto& b) { return a.tid < b.tid; });
  std::sort(dump.green_threads.begin(), dump.green_threads.end(),
            [](const auto& a, const auto& b) {
              return std::tie(a.view.hub_tid, a.view.id) <
                     std::tie(b.view.hub_tid, b.view.id);
            });
  std::vector<GreenThreadView*> views;
  for (Dump::GreenThread& green : dump.green_threads) {
    views.push_back(&green.view);
  }
  if (!views.empty()) attachment_.hub_reader()->ReadMutexHolders(views);
  LookAtFds(dump);
  if (zeroed_ > 0) {
    dump.gaps.push_back(
        absl::StrCat("the stacks of ", zeroed_,
                     " green threads are zeros: dumped by gdb, which cannot "
                     "read around guard pages? The kernel can"));
  }
  return absl::OkStatus();
}

absl::Status GreenDumper::DescribeHub(const HubView& hub, int64_t now_real_ns,
                                      Dump& dump) {
  const auto watch = attachment_.LookAtGreenThreadsOf(hub);
  if (!watch.ok()) return watch.status();
  if (watched_since_ns_) dump.watched_ns = NowNs() - *watched_since_ns_;
  const HubTime time(hub, now_real_ns);
  dump.hubs.push_back({.tid = hub.tid, .clock_rate = time.rate()});
  (*watch)->ForEach([&](const WatchedGreen& green) {
    Dump::GreenThread& taken =
        dump.green_threads.emplace_back(Dump::GreenThread{.view = green.view});
    GreenThreadView& view = taken.view;
    view.name = NameGreenThread(view.name, view.entry, attachment_.modules(),
                                symbolizer_);
    taken.since_run_ns = time.RealSinceNs(view.last_switched_ns);
    if (view.state == GreenState::kWaiting && view.deadline_ns) {
      taken.due_in_ns = time.RealUntilNs(*view.deadline_ns);
    }
    taken.spawned_at = SpawnSite(view.spawn_site, dump);
    if (watched_since_ns_) taken.times = (*watch)->TimesOf(green);
    if (IsZeroed(green)) {
      ++zeroed_;
    } else if (!green.problem.ok()) {
      taken.problem = std::string(green.problem.message());
    } else if (green.stack != nullptr) {
      taken.stack = StackIndex(*green.stack, dump);
    }
  });
  return absl::OkStatus();
}

uint32_t GreenDumper::StackIndex(const Stack& stack, Dump& dump) {
  const auto [known, is_new] = stacks_.try_emplace(&stack, 0);
  if (!is_new) return known->second;
  const StackId id = seen_.Intern(stack);
  const auto [same, is_first] =
      stack_ids_.try_emplace(id, static_cast<uint32_t>(dump.stacks.size()));
  if (is_first) {
    attachment_.LearnJitNames({&stack, 1});
    seen_.Add({.stack = id}, 1);
    dump.stacks.push_back({.frames = NameStack(stack, attachment_, symbolizer_),
                           .end = stack.end});
  }
  return known->second = same->second;
}

std::optional<uint32_t> GreenDumper::SpawnSite(Address site, Dump& dump) {
  if (!site) return std::nullopt;
  const auto [known, is_new] = spawn_sites_.try_emplace(
      site, static_cast<uint32_t>(dump.spawn_sites.size()));
  if (is_new) {
    dump.spawn_sites.push_back(NameSpawnSite(
        site, attachment_.programs()[attachment_.program_id()], symbolizer_));
  }
  return known->second;
}

void GreenDumper::LookAtFds(Dump& dump) {
  if (kernel_ == nullptr) return;
  absl::flat_hash_set<int32_t> others;
  for (const Dump::GreenThread& green : dump.green_threads) {
    if (green.view.state != GreenState::kWaiting ||
        green.view.waiting_for != WaitReason::kFd || !green.view.fd) {
      continue;
    }
    const int32_t fd = *green.view.fd;
    if (dump.fds.contains(fd)) continue;
    if (dump.fds.size() == kMaxFds) {
      others.insert(fd);
    } else {
      dump.fds[fd] = kernel_->LookAtFd(fd);
    }
  }
  if (!others.empty()) {
    dump.gaps.push_back(
        absl::StrCat("what ", WithCommas(static_cast<int64_t>(others.size())),
                     " fds are was not looked up: after ", WithCommas(kMaxFds),
                     " it takes too long"));
  }
}

}  // namespace hubspy
