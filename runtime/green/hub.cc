// The loop and what is asked of it. Waiting is in hub_wait.cc, switching in
// hub_switch.cc.
#include "green/hub.h"

#include <cxxabi.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "green/context.h"
#include "green/control_block.h"
#include "green/descriptors.h"
#include "green/green_thread.h"
#include "green/inbox.h"
#include "green/report.h"
#include "green/sanitizers.h"
#include "green/saturating.h"
#include "green/stack_guard.h"
#include "green/thread_id.h"
#include "green/timeout.h"
#include "green/watchdog.h"

// Itanium C++ ABI, Exception Handling, 2.2.2: not every <cxxabi.h> has it.
namespace __cxxabiv1 {
struct __cxa_eh_globals;
extern "C" __cxa_eh_globals* __cxa_get_globals() noexcept;
}  // namespace __cxxabiv1

namespace green {

using abi::HubState;
using internal::ControlBlock;
using internal::SaturatingAdd;
using internal::SaturatingSubtract;
using internal::Timer;
using internal::TimerQueue;

namespace {

// A turn runs all that are ready when it begins, and those that become so
// meanwhile as long as it has not run this many. Then what a turn costs, such
// as reading the clock, is shared by as many.
constexpr size_t kMinTurn = 64;

// A turn with nothing to wait for is not endless, as in eventlet.
constexpr int64_t kIdleTurnNs = 60'000'000'000;

// Of real time. Looking takes 0.3 us or so.
constexpr int64_t kPollEveryNs = 50'000;

// Stacks whose pages are given back at a time: when there is nothing to do for
// long enough, and when the loop never comes to wait.
constexpr size_t kGiveBackIdle = 64;
constexpr int64_t kGiveBackIdleNs = 500'000;
constexpr size_t kGiveBackBusy = 1;

#if defined(GREEN_ASAN) || defined(GREEN_TSAN)
constexpr size_t kDefaultStackSize = size_t{256} << 10;
#else
constexpr size_t kDefaultStackSize = size_t{64} << 10;
#endif

}  // namespace

const char* HubStopped::what() const noexcept {
  return "green::HubStopped: the hub was stopped while its thread waited";
}

struct Hub::Callback : Timer {
  explicit Callback(size_t its_index)
      : Timer(Purpose::kCallBack), index(its_index) {}

  const size_t index;
  uint64_t generation = 1;
  std::function<void()> function;
};

Hub::Hub(const HubOptions& options)
    : record_(internal::AcquireHubRecord()),
      clock_(options.clock),
      own_poller_(options.poller == nullptr ? internal::MakePoller() : nullptr),
      poller_(options.poller == nullptr ? own_poller_.get() : options.poller),
      descriptors_(std::make_unique<internal::Descriptors>(*this, *poller_)),
      inbox_(std::make_shared<internal::Inbox>(*poller_)),
      spin_ns_(internal::DelayNanoseconds(options.spin)),
      own_code_(std::make_unique<ControlBlock>()),
      current_(own_code_.get()),
      run_stack_(std::make_unique<internal::SanitizedStack>()),
      run_exceptions_(std::make_unique<internal::ExceptionState>()),
      thread_exceptions_(reinterpret_cast<internal::ExceptionState*>(
          ::abi::__cxa_get_globals())),
      stacks_(options.stack_size == 0 ? kDefaultStackSize
                                      : options.stack_size) {
  internal::RaiseStickyFlags();
  run_stack_->AdoptThread();
  own_code_->record.state.Set(abi::GreenState::kRunning);
  record_.iterations.Set(0);
  record_.timers_fired.Set(0);
  record_.switches.Set(0);
  record_.poll_entered_real_ns.Set(0);
  record_.poll_until_ns.Set(abi::kNoTime);
  record_.ready.Set(0);
  record_.current.Set(0);
  record_.run_saved_sp.Set(0);
  record_.remote_given.Set(0);
  record_.state_words.Set(1);
  record_.own_code.Set(reinterpret_cast<uint64_t>(own_code_.get()));
  record_.state.Set(HubState::kRunning);
  PublishTimers();
  ReadClock();
  meter_ = internal::HubMeter(record_.last_now_ns.Get());
  record_.first_ticks.Set(record_.last_ticks.Get());
  record_.first_now_ns.Set(record_.last_now_ns.Get());
  record_.first_real_ns.Set(record_.last_real_ns.Get());
  record_.thread_id.Set(internal::CurrentThreadId());
  stack_guard_ = std::make_unique<internal::StackGuard>(record_);
}

Hub::~Hub() {
  inbox_->Close();
  EndBelongings(*own_code_);
  UnwindGreenThreads();
  for (const auto& callback : callbacks_) timers_.Cancel(*callback);
  watchdog_.reset();
  stack_guard_.reset();
  record_.own_code.Set(0);
  internal::ReleaseHubRecord(record_);
}

void Hub::Run() {
  if (current_ != own_code_.get()) {
    throw std::logic_error(
        current_ == nullptr
            ? "green::Hub::Run: called by a callback of the hub that runs"
            : "green::Hub::Run: called by a green thread of the same hub");
  }
  // Leaves things as they should be also when a clock or a poller throws.
  struct OnTop {
    explicit OnTop(Hub& its_hub) : hub(its_hub) {
      hub.current_ = nullptr;
      hub.own_code_is_next_ = false;
      hub.stopped_ = false;
    }
    ~OnTop() {
      hub.current_ = hub.own_code_.get();
      hub.record_.state.Set(hub.stopped_ ? HubState::kStopped
                                         : HubState::kRunning);
    }
    Hub& hub;
  } on_top(*this);

  for (;;) {
    timers_.Prepare();
    const int64_t now_ns = ReadClock();
    PollIfOverdue();
    FireDueTimers(now_ns);
    if (inbox_->holds_any()) inbox_->Deliver();
    timers_.Prepare();
    PublishTimers();
    RunReady();
    record_.iterations.Increment();
    stopped_ = stop_requested_.load(std::memory_order_acquire);
    if (stopped_) stop_requested_.store(false, std::memory_order_relaxed);
    if (stopped_ || own_code_is_next_) break;
    if (ready_.empty()) WaitUntilNextTimer();
  }
}

RemoteHub Hub::Remote() const {
  record_.remote_given.Set(1);
  return RemoteHub(inbox_);
}

void Hub::Stop() {
  stop_requested_.store(true, std::memory_order_release);
  poller_->Wake();
}

int64_t Hub::ReadClock() {
  ClockReading reading;
  int64_t real_ns;
  if (clock_ == nullptr) {
    reading = monotonic_clock_.Read();
    real_ns = reading.now_ns;
  } else {
    reading = clock_->Read();
    real_ns = MonotonicNanoseconds();
  }
  record_.clock_sequence.Increment();
  record_.timebase_numer.Set(reading.timebase.numer());
  record_.timebase_denom.Set(reading.timebase.denom());
  record_.last_ticks.Set(reading.ticks);
  record_.last_now_ns.Set(reading.now_ns);
  record_.last_real_ns.Set(real_ns);
  record_.clock_sequence.Increment();
  return reading.now_ns;
}

void Hub::FireDueTimers(int64_t now_ns) {
  if (timers_.NextDeadlineNs() > now_ns) return;
  record_.state.Set(HubState::kFiringTimers);
  for (;;) {
    const int64_t deadline_ns = timers_.NextDeadlineNs();
    Timer* const timer = timers_.PopDue(now_ns);
    if (timer == nullptr) break;
    record_.timers_fired.Increment();
    timer_lateness_.Record(SaturatingSubtract(now_ns, deadline_ns));
    switch (timer->purpose()) {
      case Timer::Purpose::kWakeGreenThread:
        Wake(internal::ControlBlockOf(*timer));
        break;
      case Timer::Purpose::kTimeout:
        Expire(static_cast<Timeout&>(*timer));
        break;
      case Timer::Purpose::kCallBack:
        CallBack(static_cast<Callback&>(*timer));
        break;
    }
  }
  record_.state.Set(HubState::kRunning);
}

void Hub::CallBack(Callback& callback) {
  const std::function<void()> function = std::move(callback.function);
  callback.function = nullptr;
  ++callback.generation;
  free_callbacks_.push_back(callback.index);
  try {
    function();
  } catch (...) {
    internal::Report("a timer callback ended with an exception",
                     std::current_exception());
  }
}

void Hub::RunReady() {
  turn_count_ = std::max(ready_count_, kMinTurn);
  while (ControlBlock* const next = TakeReady()) SwitchFromRun(*next);
}

void Hub::WaitUntilNextTimer() {
  timers_.Prepare();
  PublishTimers();
  const int64_t deadline_ns = timers_.NextDeadlineNs();
  const int64_t now_ns = ReadClock();
  const int64_t timeout_ns = deadline_ns == TimerQueue::kNever
                                 ? kIdleTurnNs
                                 : SaturatingSubtract(deadline_ns, now_ns);
  if (timeout_ns <= 0) return;
  if (timeout_ns > kGiveBackIdleNs && stacks_.GiveBack(kGiveBackIdle) > 0) {
    Poll(0);
    return;
  }
  record_.poll_entered_real_ns.Set(record_.last_real_ns.Get());
  record_.poll_until_ns.Set(deadline_ns);
  if (spin_ns_ == 0 || deadline_ns == TimerQueue::kNever) {
    Poll(timeout_ns);
  } else if (timeout_ns > spin_ns_) {
    Poll(timeout_ns - spin_ns_);
  } else {
    SpinUntil(deadline_ns);
  }
  polled_just_now_ = true;
}

// Or until there is anything else to do.
void Hub::SpinUntil(int64_t deadline_ns) {
  meter_.BeginPoll(record_.last_now_ns.Get());
  record_.state.Set(HubState::kPolling);
  int64_t now_ns;
  do {
    poller_->Wait(0);
    now_ns = ReadClock();
  } while (now_ns < deadline_ns && poller_->Events().empty() &&
           !inbox_->holds_any() &&
           !stop_requested_.load(std::memory_order_relaxed));
  record_.state.Set(HubState::kRunning);
  meter_.EndPoll(now_ns, internal::HubMeter::PollKind::kLooked);
  descriptors_->Dispatch(poller_->Events());
}

// When there is always something ready or due, the loop never comes to wait.
// Looking costs a system call: not each turn, which may be 50 ns long.
void Hub::PollIfOverdue() {
  const int64_t real_ns = record_.last_real_ns.Get();
  if (polled_just_now_) {
    polled_just_now_ = false;
    polled_real_ns_ = real_ns;
    return;
  }
  if (real_ns - polled_real_ns_ < kPollEveryNs) return;
  polled_real_ns_ = real_ns;
  stacks_.GiveBack(kGiveBackBusy);
  if (descriptors_->anything_awaited()) Poll(0);
}

void Hub::Poll(int64_t timeout_ns) {
  using Kind = internal::HubMeter::PollKind;
  meter_.BeginPoll(record_.last_now_ns.Get());
  record_.state.Set(HubState::kPolling);
  poller_->Wait(timeout_ns);
  record_.state.Set(HubState::kRunning);
  meter_.EndPoll(ReadClock(), timeout_ns > 0 ? Kind::kWaited : Kind::kLooked);
  descriptors_->Dispatch(poller_->Events());
}

void Hub::PublishTimers() {
  static_assert(TimerQueue::kNever == abi::kNoTime);
  record_.timers.Set(timers_.size());
  record_.next_deadline_ns.Set(timers_.NextDeadlineNs());
}

ScheduledCall Hub::CallAfter(absl::Duration delay,
                             std::function<void()> callback) {
  if (free_callbacks_.empty()) {
    // Giving a callback back must not need memory.
    free_callbacks_.reserve(callbacks_.size() + 1);
    callbacks_.push_back(std::make_unique<Callback>(callbacks_.size()));
    free_callbacks_.push_back(callbacks_.size() - 1);
  }
  Callback& chosen = *callbacks_[free_callbacks_.back()];
  timers_.Add(chosen,
              SaturatingAdd(ReadClock(), internal::DelayNanoseconds(delay)));
  free_callbacks_.pop_back();
  chosen.function = std::move(callback);
  PublishTimers();

  ScheduledCall call;
  call.index_ = chosen.index;
  call.generation_ = chosen.generation;
  return call;
}

bool Hub::Cancel(ScheduledCall call) {
  if (call.index_ >= callbacks_.size()) return false;
  Callback& callback = *callbacks_[call.index_];
  if (callback.generation != call.generation_) return false;
  timers_.Cancel(callback);
  ++callback.generation;
  free_callbacks_.push_back(callback.index);
  PublishTimers();
  // Last, because what it captured may do anything as it goes.
  const std::function<void()> function = std::move(callback.function);
  callback.function = nullptr;
  return true;
}

HubStats Hub::Stats() const {
  const int64_t now_ns =
      clock_ == nullptr ? MonotonicNanoseconds() : clock_->Read().now_ns;
  return {
      .iterations = record_.iterations.Get(),
      .switches = record_.switches.Get(),
      .timers_fired = record_.timers_fired.Get(),
      .green_threads = green_threads_,
      .ready = ready_count_,
      .timers = timers_.size(),
      .busy = absl::Nanoseconds(meter_.BusyNs(now_ns)),
      .polling = absl::Nanoseconds(meter_.polling_ns()),
      .idle = absl::Nanoseconds(meter_.idle_ns()),
      .longest_between_polls = absl::Nanoseconds(meter_.LongestBusyNs(now_ns)),
      .timer_lateness = timer_lateness_,
      .blocking = watchdog_ == nullptr ? Histogram() : watchdog_->Stalls(),
  };
}

}  // namespace green
