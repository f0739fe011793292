// The loop that an OS thread's green threads take turns in.
//
// Each OS thread has one hub, made on first use. Its loop, turn by turn: fire
// the timers that are due by the hub's clock, run what is ready, wait until the
// next deadline. Programs seldom name it: when a thread's own code waits
// (Sleep, GreenThread::Wait, GreenPool::WaitAll), the loop runs on top of it
// and returns when the wait is over. Everything but Stop() belongs to the hub's
// own thread.
//
// When a thread exits, its hub unwinds the green threads that are left with
// GreenExit. One that waits again while it is unwound is abandoned as it is.
//
// The surprising part: a thread that waits for what can never happen waits for
// ever, as in eventlet. Nothing here can know that no other thread will Stop().
#ifndef GREEN_HUB_H_
#define GREEN_HUB_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "green/clock.h"
#include "green/green_queue.h"
#include "green/histogram.h"
#include "green/hub_meter.h"
#include "green/introspect_abi.h"
#include "green/poller.h"
#include "green/remote_hub.h"
#include "green/stack.h"
#include "green/timer_queue.h"
#include "green/wait_list.h"

namespace green {

class GreenPool;
class Timeout;

namespace internal {
class Descriptors;
class HubOwner;
class Inbox;
class SanitizedStack;
class StackGuard;
class Task;
class Watchdog;
struct ControlBlock;
struct HubRecord;
struct HubView;
struct PoolState;
struct ExceptionState;
struct Caller;
void StartFrom(uint64_t spawn_site, Task& task);
void StartAfter(Task& task, int64_t delay_ns);
void StartAfterLocal(Task& task, int64_t delay_ns);
}  // namespace internal

struct HubOptions {
  // Not owned; nullptr is the machine's own. Must outlive the thread.
  Clock* clock = nullptr;
  Poller* poller = nullptr;

  // Usable bytes of a green thread's stack; 0 is the default, 64 KiB (256 KiB
  // in a sanitized build).
  size_t stack_size = 0;

  // Wakes this long before each deadline and looks at the clock until it has
  // come, instead of leaving that to the operating system, which takes 50 us
  // or so. Costs that much of a core's time for each timer. Zero or less: no.
  absl::Duration spin = absl::ZeroDuration();
};

// Times are by the hub's clock, but for `blocking`.
struct HubStats {
  uint64_t iterations = 0;  // turns of the loop
  uint64_t switches = 0;    // to green threads
  uint64_t timers_fired = 0;
  size_t green_threads = 0;  // that have not ended
  size_t ready = 0;          // of those
  size_t timers = 0;         // that are pending

  // What the time since the hub was made went into; they add up to it.
  absl::Duration busy;     // outside of the poller: green threads, callbacks,
                           // the loop, and the thread's own code
  absl::Duration polling;  // in the poller, only to look
  absl::Duration idle;     // in the poller, to wait until the next deadline

  // The longest busy time at a stretch: what an event waited for at worst.
  absl::Duration longest_between_polls;

  // How long after its deadline each timer was fired, as the clock was read in
  // that turn.
  Histogram timer_lateness;

  // How long the loop was held, each time that it was for longer than
  // debug::SetBlockingDetection allows; in real time.
  Histogram blocking;
};

// Thrown by a wait of the thread's own code when the loop under it is stopped.
class HubStopped : public std::exception {
 public:
  const char* what() const noexcept override;
};

// Names a callback that was scheduled; stays harmless after it was called.
class ScheduledCall {
 public:
  ScheduledCall() = default;

 private:
  friend class Hub;
  size_t index_ = 0;
  uint64_t generation_ = 0;  // 0: none
};

class Hub {
 public:
  // The calling thread's.
  static Hub& Current();

  // Makes the calling thread's hub with these options. Throws std::logic_error
  // when it has one already.
  static void Configure(const HubOptions& options);

  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  // Runs the loop until Stop(). Only from the thread's own code: throws
  // std::logic_error in a green thread or a callback.
#if defined(__clang__)
  [[gnu::noinline]]
#else
  [[gnu::noinline, gnu::noclone]]
#endif
  void
  Run();

  // Ends the Run() that goes on, or else the next one, after what is ready in
  // that turn has run. A Sleep or Wait of the thread's own code that the loop
  // runs for throws HubStopped. Any thread may call it, and a signal handler.
  void Stop();

  // Calls `callback` in the loop, on no green thread, `delay` from now. It must
  // not wait. An exception it throws is reported on standard error.
  ScheduledCall CallAfter(absl::Duration delay, std::function<void()> callback);

  // Whether the call was still to come.
  bool Cancel(ScheduledCall call);

  HubStats Stats() const;

  // What other threads may do with it.
  RemoteHub Remote() const;

 private:
  friend class GreenPool;
  friend class Timeout;
  friend class internal::Descriptors;
  friend class internal::Task;
  friend class internal::WaitList;
  friend struct internal::Caller;
  friend void internal::StartFrom(uint64_t spawn_site, internal::Task& task);
  friend void internal::StartAfter(internal::Task& task, int64_t delay_ns);
  friend void internal::StartAfterLocal(internal::Task& task, int64_t delay_ns);
  friend void Sleep(absl::Duration duration);
  friend void Yield();
  friend class internal::HubOwner;
  friend struct internal::HubView;

  struct Callback;

  // nullptr when the thread has none yet, or no more.
  static Hub* CurrentIfAny();

  explicit Hub(const HubOptions& options);
  ~Hub();

  // The loop.
  int64_t ReadClock();
  void FireDueTimers(int64_t now_ns);
  void CallBack(Callback& callback);
  void RunReady();
  void WaitUntilNextTimer();
  void SpinUntil(int64_t deadline_ns);
  void PollIfOverdue();
  void Poll(int64_t timeout_ns);
  void PublishTimers();

  // Waiting and waking: hub_wait.cc.
  bool WaitIn(internal::WaitList& list, const internal::WaitFor& what,
              int64_t timeout_ns);
  void SleepFor(int64_t duration_ns);
  void YieldToOthers();
  internal::ControlBlock& RequireGreenThread();
  internal::ControlBlock& RequireWaitable();
  void WakeAfter(internal::ControlBlock& block, int64_t delay_ns);
  void Ready(internal::ControlBlock& block);
  void Notify(internal::ControlBlock& block);
  void Wake(internal::ControlBlock& block);
  bool RunsIn(const internal::PoolState& pool) const;

  // What is thrown into green threads.
  void Kill(internal::ControlBlock& block, std::exception_ptr why);
  void KillWithoutWaiting(internal::ControlBlock& block,
                          std::exception_ptr why);
  bool EndUnbegun(internal::ControlBlock& block, std::exception_ptr why);
  void StartTimeout(Timeout& timeout);
  void CancelTimeout(Timeout& timeout);
  void Expire(Timeout& timeout);
  void Interrupt(internal::ControlBlock& block);
  [[noreturn]] void ThrowInterrupt(internal::ControlBlock& self);

  // Switching: hub_switch.cc.
  internal::ControlBlock& NewGreenThread(internal::Task& task,
                                         uint64_t spawn_site);
  void Suspend();
  void RunUntilOwnTurn();
  internal::ControlBlock* TakeReady();
  bool PrepareToRun(internal::ControlBlock& block);
  void Enter(internal::ControlBlock& block);
  void SwitchFromRun(internal::ControlBlock& to);
  void SwitchFrom(internal::ControlBlock& from);
  void Arrive(internal::SanitizedStack& at);
  [[noreturn]] static void GreenThreadMain(void* block);
  [[noreturn]] void LeaveForGood(internal::ControlBlock& block);
  void DropTask(internal::ControlBlock& block);
  void Recycle(internal::ControlBlock& block);
  void EndBelongings(internal::ControlBlock& block);
  void UnwindGreenThreads();

  internal::HubRecord& record_;
  MonotonicClock monotonic_clock_;
  Clock* clock_;  // nullptr: monotonic_clock_, read without a call
  std::unique_ptr<Poller> own_poller_;
  Poller* poller_;
  std::unique_ptr<internal::Descriptors> descriptors_;
  std::shared_ptr<internal::Inbox> inbox_;
  int64_t spin_ns_;
  int64_t polled_real_ns_ = 0;   // when it was known to have looked last
  bool polled_just_now_ = true;  // at a time that was not read yet
  std::atomic<bool> stop_requested_ = false;

  internal::TimerQueue timers_;
  internal::GreenQueue ready_;
  size_t ready_count_ = 0;
  size_t turn_count_ = 0;  // how many more may run in this turn
  size_t green_threads_ = 0;

  // The thread's own code takes part in the turns like a green thread, but is
  // not one to the world: it has the thread's stack.
  std::unique_ptr<internal::ControlBlock> own_code_;
  internal::ControlBlock* current_;          // nullptr: the loop itself
  internal::ControlBlock* ended_ = nullptr;  // still on its stack
  bool own_code_is_next_ = false;
  bool stopped_ = false;  // is why the last Run() returned
  bool closing_ = false;

  // The loop's half of a switch to a green thread.
  std::unique_ptr<internal::SanitizedStack> run_stack_;
  internal::SanitizedStack* left_stack_ = nullptr;
  std::unique_ptr<internal::ExceptionState> run_exceptions_;
  internal::ExceptionState* thread_exceptions_;

  internal::HubMeter meter_{0};
  Histogram timer_lateness_;
  std::unique_ptr<internal::StackGuard> stack_guard_;
  std::unique_ptr<internal::Watchdog> watchdog_;  // nullptr until it is wanted

  internal::StackPool stacks_;
  std::vector<std::unique_ptr<Callback>> callbacks_;
  std::vector<size_t> free_callbacks_;
  uint64_t next_id_ = 0;
  uint64_t end_of_ids_ = 0;
};

}  // namespace green

#endif  // GREEN_HUB_H_
