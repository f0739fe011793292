#include "target/linux/tracer_thread.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <chrono>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace hubspy {
namespace {

int InterruptSignal() { return SIGRTMAX; }

// Without SA_RESTART: all this signal is for is that a blocking call returns.
void InstallInterruptHandler() {
  struct sigaction action = {};
  action.sa_handler = [](int) {};
  sigemptyset(&action.sa_mask);
  sigaction(InterruptSignal(), &action, nullptr);
}

// While it holds a thread, this one must not queue up for a CPU behind others.
// On a busy CPU that is 6 us of holding instead of 6 us to 4 ms; it only runs
// for microseconds at a time. Without CAP_SYS_NICE it has to queue up.
void HurryWhenAllowed() {
  const sched_param lowest_of_the_realtime_ones = {.sched_priority = 1};
  pthread_setschedparam(pthread_self(), SCHED_FIFO,
                        &lowest_of_the_realtime_ones);
}

// For its life, blocks every signal in the calling thread but two. A thread
// started meanwhile inherits that: Ctrl-C and the like must reach the threads
// that wait for them, not the tracer. But it must not block SIGCHLD: each stop
// sends us one, which is dropped at once where nobody handles it, unless a
// thread blocks it; then it would wake another.
class ScopedSignalMask {
 public:
  ScopedSignalMask() {
    sigset_t all;
    sigfillset(&all);
    sigdelset(&all, InterruptSignal());
    sigdelset(&all, SIGCHLD);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~ScopedSignalMask() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  ScopedSignalMask(const ScopedSignalMask&) = delete;
  ScopedSignalMask& operator=(const ScopedSignalMask&) = delete;

 private:
  sigset_t before_;
};

// Nearly every job ends within this time. To be woken at the end would cost
// the target, on whose CPU the tracer would have to do it, a third of a stop.
constexpr auto kSpin = std::chrono::microseconds(60);

// Enough for a thread that waits for a CPU on a busy machine. A longer one may
// not sleep again for hours.
constexpr auto kLastActsLimit = std::chrono::milliseconds(200);

}  // namespace

TracerThread::~TracerThread() {
  End();
  const auto until = std::chrono::steady_clock::now() + kLastActsLimit;
  for (const std::shared_ptr<Shared>& shared : acting_last_) {
    std::unique_lock lock(shared->mutex);
    shared->finished.wait_until(lock, until, [&] { return shared->ended; });
  }
}

absl::Status TracerThread::Run(int cpu, absl::Duration limit, Job job) {
  if (absl::Status started = Start(); !started.ok()) return started;
  MoveTo(cpu);
  const uint64_t number = ++jobs_given_;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->job = &job;
    shared_->awaited = false;
  }
  shared_->given.notify_one();
  // On its CPU, spinning would only keep it from running.
  if (cpu != kAnyCpu && cpu != sched_getcpu()) SpinUntilFinished(number);
  Await(limit);
  if (shared_->acts_last) {
    thread_.detach();
    std::erase_if(acting_last_, [](const std::shared_ptr<Shared>& shared) {
      const std::lock_guard lock(shared->mutex);
      return shared->ended;
    });
    acting_last_.push_back(std::move(shared_));
  }
  return absl::OkStatus();
}

void TracerThread::SpinUntilFinished(uint64_t job_number) const {
  const auto until = std::chrono::steady_clock::now() + kSpin;
  while (shared_->jobs_finished.load(std::memory_order_acquire) != job_number &&
         std::chrono::steady_clock::now() < until) {
  }
}

void TracerThread::Await(absl::Duration limit) {
  constexpr auto kRepeat = std::chrono::milliseconds(1);
  std::unique_lock lock(shared_->mutex);
  // Not by jobs_finished: that changes after the tracer has read whether it is
  // awaited, without the mutex.
  const auto done = [&] { return shared_->job == nullptr; };
  shared_->awaited = true;
  if (shared_->finished.wait_for(lock, absl::ToChronoMicroseconds(limit),
                                 done)) {
    return;
  }
  // Again and again: a signal that arrives just before the job blocks is lost.
  do {
    pthread_kill(thread_.native_handle(), InterruptSignal());
  } while (!shared_->finished.wait_for(lock, kRepeat, done));
}

absl::Status TracerThread::Start() {
  if (shared_ != nullptr) return absl::OkStatus();
  InstallInterruptHandler();
  const ScopedSignalMask inherited_by_the_thread;
  auto shared = std::make_shared<Shared>();
  try {
    thread_ = std::thread([shared] { Loop(*shared); });
  } catch (const std::system_error& error) {
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot start a thread to trace with: ", error.what()));
  }
  shared_ = std::move(shared);
  cpu_ = kAnyCpu;
  jobs_given_ = 0;
  pthread_setname_np(thread_.native_handle(), "hubspy-tracer");
  return absl::OkStatus();
}

void TracerThread::End() {
  if (shared_ == nullptr) return;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->ending = true;
  }
  shared_->given.notify_one();
  thread_.join();
}

// It fails where a cpuset keeps us away from the target's CPUs: then the stop
// works from where it is, and only takes longer.
void TracerThread::MoveTo(int cpu) {
  if (cpu == cpu_ || cpu < 0 || cpu >= CPU_SETSIZE) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  pthread_setaffinity_np(thread_.native_handle(), sizeof(set), &set);
  cpu_ = cpu;
}

// The mutex is free when the other thread may want it, so that nobody has to
// be woken for it.
void TracerThread::Loop(Shared& shared) {
  HurryWhenAllowed();
  LastAct last_act;
  std::unique_lock lock(shared.mutex);
  while (!last_act) {
    shared.given.wait(lock,
                      [&] { return shared.job != nullptr || shared.ending; });
    if (shared.job == nullptr) return;
    lock.unlock();
    last_act = (*shared.job)();
    lock.lock();
    shared.job = nullptr;
    shared.acts_last = last_act != nullptr;
    const bool awaited = shared.awaited;
    const uint64_t number = shared.jobs_finished + 1;
    lock.unlock();
    shared.jobs_finished.store(number, std::memory_order_release);
    if (awaited) shared.finished.notify_one();
    lock.lock();
  }
  lock.unlock();
  last_act();
  lock.lock();
  shared.ended = true;
  shared.finished.notify_one();
}

}  // namespace hubspy
