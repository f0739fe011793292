#include "green/watchdog.h"

#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "green/clock.h"
#include "green/code_names.h"
#include "green/control_block.h"
#include "green/report.h"
#include "green/sanitizers.h"

namespace green::internal {
namespace {

constexpr int kReportsPerMinute = 5;
constexpr int64_t kLooksPerLimit = 4;
constexpr int64_t kMinLookEveryNs = 100'000;

// A thread that blocks signals never answers.
constexpr int kAnswerWithinSeconds = 1;

constinit thread_local Watchdog* watchdog_of_thread = nullptr;

// The process's; installed at the first call. 0: none is free.
int InstallSignal(void (*handler)(int, siginfo_t*, void*)) {
  for (const int signal : SpareSignals()) {
    struct sigaction there_is = {};
    if (sigaction(signal, nullptr, &there_is) != 0) continue;
    if ((there_is.sa_flags & SA_SIGINFO) != 0) continue;
    if (there_is.sa_handler != SIG_DFL) continue;
    struct sigaction action = {};
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
    sigfillset(&action.sa_mask);
    if (sigaction(signal, &action, nullptr) == 0) return signal;
  }
  return 0;
}

std::string Milliseconds(int64_t duration_ns) {
  return absl::StrCat(duration_ns / 1'000'000, ".", duration_ns / 100'000 % 10,
                      " ms");
}

}  // namespace

Watchdog::Watchdog(const HubRecord& hub)
    : hub_(hub),
      thread_of_hub_(pthread_self()),
      thread_stack_(StackOfThisThread()) {
  watchdog_of_thread = this;
}

Watchdog::~Watchdog() {
  Stop();
  watchdog_of_thread = nullptr;
}

void Watchdog::Start(int64_t limit_ns) {
  Stop();
  static const int signal = InstallSignal(&Watchdog::OnSignal);
  if (signal == 0) {
    throw std::system_error(
        EBUSY, std::generic_category(),
        "green::debug::SetBlockingDetection: no signal for it is free");
  }
  signal_ = signal;
  ending_ = false;
  watcher_ = std::thread([this, limit_ns] { Watch(limit_ns); });
}

void Watchdog::Stop() {
  if (!watcher_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  ended_.notify_one();
  watcher_.join();
}

Histogram Watchdog::Stalls() const {
  const std::lock_guard lock(mutex_);
  return stalls_;
}

void Watchdog::Watch(int64_t limit_ns) {
  // Signals are for the program's own threads.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);

  const int64_t look_every_ns =
      std::max(limit_ns / kLooksPerLimit, kMinLookEveryNs);
  StallMeter meter(limit_ns, look_every_ns);
  ReportLimit limit(kReportsPerMinute);
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, std::chrono::nanoseconds(look_every_ns),
                          [this] { return ending_; })) {
    lock.unlock();
    Look(meter, limit);
    lock.lock();
  }
  if (meter.held_ns() >= limit_ns) stalls_.Record(meter.held_ns());
}

uint64_t Watchdog::Progress() const {
  return hub_.iterations.Get() + hub_.switches.Get() + hub_.timers_fired.Get();
}

void Watchdog::Look(StallMeter& meter, ReportLimit& limit) {
  using Finding = StallMeter::Finding;
  const uint64_t progress = Progress();
  const abi::HubState state = hub_.state.Get();
  const int64_t now_ns = MonotonicNanoseconds();
  switch (meter.At({.now_ns = now_ns,
                    .progress = progress,
                    .is_running = state == abi::HubState::kRunning ||
                                  state == abi::HubState::kFiringTimers})) {
    case Finding::kNone:
      return;
    case Finding::kStalls: {
      const std::optional<uint64_t> held_back = limit.Pass(now_ns);
      if (!held_back.has_value()) return;
      const bool answered = AskForCulprit(progress);
      // It went on just then.
      if (answered && !culprit_.is_it) return;
      was_reported_ = true;
      ReportText(Describe(meter.held_ns(), *held_back, answered));
      return;
    }
    case Finding::kStallEnded: {
      {
        const std::lock_guard lock(mutex_);
        stalls_.Record(meter.ended_ns());
      }
      if (!was_reported_) return;
      was_reported_ = false;
      ReportText(absl::StrCat("green: the hub of thread ", hub_.thread_id.Get(),
                              " moves again; it was held for ",
                              Milliseconds(meter.ended_ns()), "\n"));
      return;
    }
  }
}

// Whether the hub's thread answered.
bool Watchdog::AskForCulprit(uint64_t progress) {
  answer_.Clear();
  wanted_progress_ = progress;
  wanted_.store(true, std::memory_order_release);
  if (pthread_kill(thread_of_hub_, signal_) != 0) return false;
  if (answer_.WaitSeconds(kAnswerWithinSeconds)) return true;
  // Unless it is answering right now.
  if (wanted_.exchange(false, std::memory_order_acq_rel)) return false;
  answer_.Wait();
  return true;
}

void Watchdog::OnSignal(int, siginfo_t*, void* context) {
  const int saved_errno = errno;
  if (watchdog_of_thread != nullptr) watchdog_of_thread->Capture(context);
  errno = saved_errno;
}

void Watchdog::Capture(const void* context) {
  if (!wanted_.exchange(false, std::memory_order_acq_rel)) return;
  culprit_ = {};
  culprit_.is_it = Progress() == wanted_progress_;
  const auto* const running =
      reinterpret_cast<const ControlBlock*>(hub_.current.Get());
  if (running != nullptr) {
    culprit_.id = running->record.id.Get();
    culprit_.spawn_site = running->record.spawn_site.Get();
    std::memcpy(culprit_.name.data(), running->record.name,
                GreenRecord::kNameSize);
  }
#if defined(GREEN_TSAN)
  // Signals come late there, when the stack that they interrupted is gone.
  static_cast<void>(context);
  culprit_.traceback = TraceHere({});
#else
  culprit_.traceback =
      TraceInterrupted(context, BoundsAround(StackPointerOf(context)));
#endif
  answer_.Post();
}

StackBounds Watchdog::BoundsAround(uint64_t sp) const {
  const auto holds = [sp](StackBounds bounds) {
    return sp >= bounds.begin && sp < bounds.end;
  };
  if (const auto* const running =
          reinterpret_cast<const ControlBlock*>(hub_.current.Get())) {
    const StackBounds green = {running->record.stack_begin.Get(),
                               running->record.stack_end.Get()};
    if (holds(green)) return green;
  }
  return holds(thread_stack_) ? thread_stack_ : StackBounds();
}

std::string Watchdog::Describe(int64_t held_ns, uint64_t held_back,
                               bool asked) const {
  std::string text =
      absl::StrCat("green: the hub of thread ", hub_.thread_id.Get(),
                   " has been held for ", Milliseconds(held_ns), " by ");
  if (!asked) {
    absl::StrAppend(&text,
                    "what cannot be told: its thread takes no signals\n");
  } else {
    if (culprit_.id == 0) {
      absl::StrAppend(&text, "the thread's own code or the loop itself");
    } else {
      absl::StrAppend(&text, "green thread ", culprit_.id);
      if (culprit_.name[0] != '\0') {
        absl::StrAppend(&text, " (", culprit_.name.data(), ")");
      }
    }
    absl::StrAppend(&text, ", in:\n",
                    FrameLines(culprit_.traceback, 0, "    "));
  }
  if (asked && culprit_.spawn_site != 0) {
    absl::StrAppend(&text, "  it was spawned in ",
                    PlaceName(culprit_.spawn_site - 1), "\n");
  }
  if (held_back > 0) {
    absl::StrAppend(&text, "  ", held_back,
                    " earlier stalls were counted, but not reported\n");
  }
  return text;
}

}  // namespace green::internal
