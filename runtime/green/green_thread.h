// Green threads: functions that run by turns on one OS thread, each on a stack
// of its own, and give way only where they wait.
//
//   green::GreenThread<int> answer = green::Spawn([] { return 42; });
//   answer.Wait();  // 42, or throws what the function threw
//
// Everything here belongs to the hub of the calling OS thread, which is made on
// first use. Handles must stay on their thread.
//
// The surprising part: nothing runs when it is spawned. It runs when the
// spawner first waits: Sleep, Yield, Wait, GreenPool::WaitAll. And a green
// thread that computes for long keeps all others of its hub from running.
#ifndef GREEN_GREEN_THREAD_H_
#define GREEN_GREEN_THREAD_H_

#include <cstdint>
#include <exception>
#include <functional>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "green/task.h"

namespace green {

class GreenPool;

// The handle of a green thread. Dropping it lets the green thread run on; an
// exception that it ends with is then reported on standard error.
template <typename R>
class GreenThread {
 public:
  // Waits until it has ended. The result, which lives as long as the handle;
  // or rethrows the exception it ended with. May be called any number of times.
  decltype(auto) Wait() const& {
    task_->Wait();
    return task_->outcome().Get();
  }

  // The same, and takes the result out: `int n = Spawn(f).Wait();`
  R Wait() && {
    task_->Wait();
    return task_->outcome().Take();
  }

  bool Finished() const { return task_->finished(); }

  // From 1, never reused in a process; 0 when it has ended.
  uint64_t Id() const { return task_->id(); }

  // Ends it: throws GreenExit, or `why`, in it, at the wait that goes on in it,
  // or else at its next one. Returns when it has got that, though it may still
  // be unwinding if it waits as it does. If it has not begun, it never will,
  // and Wait() throws the same. A green thread that kills itself is thrown at
  // here. Nothing happens when it has ended. May be called where one must not
  // wait, and then returns at once.
  void Kill() { task_->Kill(std::make_exception_ptr(GreenExit())); }
  void Kill(std::exception_ptr why) { task_->Kill(std::move(why)); }

  // Ends it only if it has not begun; whether that was so.
  bool Cancel() { return task_->Cancel(); }

  // Calls function(GreenThread<R>&) when it ends, on its stack or that of
  // whoever ends it before it has begun; at once when it has ended. The
  // function should not wait. An exception it throws is reported on standard
  // error.
  template <typename F>
  LinkId Link(F function) {
    // Not a handle: it would keep alive what it is kept alive by.
    internal::TaskOf<R>* const task = task_.get();
    return task->Link([task, function = std::move(function)]() mutable {
      task->AddReference();
      GreenThread handle{internal::TaskPointer<internal::TaskOf<R>>(task)};
      std::invoke(function, handle);
    });
  }

  // Whether the function was still to be called.
  bool Unlink(LinkId id) { return task_->Unlink(id); }

  // For debuggers and observers, which keep the first 32 bytes. Does nothing
  // when it has ended.
  void SetName(absl::string_view name) { task_->SetName(name); }

 private:
  friend class GreenPool;
  template <typename F, typename... Args>
  friend auto Spawn(F&& function, Args&&... args);
  template <typename F, typename... Args>
  friend auto SpawnAfter(absl::Duration delay, F&& function, Args&&... args);
  template <typename F, typename... Args>
  friend auto SpawnAfterLocal(absl::Duration delay, F&& function,
                              Args&&... args);

  explicit GreenThread(internal::TaskPointer<internal::TaskOf<R>> task)
      : task_(std::move(task)) {}

  internal::TaskPointer<internal::TaskOf<R>> task_;
};

// Lets the calling green thread wait, on its hub's clock, never shorter than
// `duration`. Zero or less is Yield(). Infinite is for ever.
void Sleep(absl::Duration duration);

// Lets all others that are ready run first.
void Yield();

namespace internal {

// Rounded up; 0 when negative; INT64_MAX when infinite or too long.
int64_t DelayNanoseconds(absl::Duration duration);

}  // namespace internal

// A green thread that calls function(args...), with copies of both, as
// std::thread does. Returns a GreenThread<what the function returns>.
template <typename F, typename... Args>
[[gnu::always_inline]] inline auto Spawn(F&& function, Args&&... args) {
  auto task = internal::MakeTask(std::forward<F>(function),
                                 std::forward<Args>(args)...);
  internal::Start(*task);
  return GreenThread(std::move(task));
}

// The same, without a handle: for when nobody will wait.
template <typename F, typename... Args>
[[gnu::always_inline]] inline void SpawnN(F&& function, Args&&... args) {
  internal::Start(*internal::MakeTask(std::forward<F>(function),
                                      std::forward<Args>(args)...));
}

// The same as Spawn, ready only after `delay`.
template <typename F, typename... Args>
[[gnu::always_inline]] inline auto SpawnAfter(absl::Duration delay,
                                              F&& function, Args&&... args) {
  auto task = internal::MakeTask(std::forward<F>(function),
                                 std::forward<Args>(args)...);
  internal::StartAfter(*task, internal::DelayNanoseconds(delay));
  return GreenThread(std::move(task));
}

// The same, or never: when the calling green thread has ended by then, this one
// ends with it, with GreenExit.
template <typename F, typename... Args>
[[gnu::always_inline]] inline auto SpawnAfterLocal(absl::Duration delay,
                                                   F&& function,
                                                   Args&&... args) {
  auto task = internal::MakeTask(std::forward<F>(function),
                                 std::forward<Args>(args)...);
  internal::StartAfterLocal(*task, internal::DelayNanoseconds(delay));
  return GreenThread(std::move(task));
}

}  // namespace green

#endif  // GREEN_GREEN_THREAD_H_
