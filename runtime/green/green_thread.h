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

  // For debuggers and observers, which keep the first 32 bytes. Does nothing
  // when it has ended.
  void SetName(absl::string_view name) { task_->SetName(name); }

 private:
  friend class GreenPool;
  template <typename F, typename... Args>
  friend auto Spawn(F&& function, Args&&... args);
  template <typename F, typename... Args>
  friend auto SpawnAfter(absl::Duration delay, F&& function, Args&&... args);

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
auto Spawn(F&& function, Args&&... args) {
  auto task = internal::MakeTask(std::forward<F>(function),
                                 std::forward<Args>(args)...);
  internal::Start(*task);
  return GreenThread(std::move(task));
}

// The same, without a handle: for when nobody will wait.
template <typename F, typename... Args>
void SpawnN(F&& function, Args&&... args) {
  internal::Start(*internal::MakeTask(std::forward<F>(function),
                                      std::forward<Args>(args)...));
}

// The same as Spawn, ready only after `delay`.
template <typename F, typename... Args>
auto SpawnAfter(absl::Duration delay, F&& function, Args&&... args) {
  auto task = internal::MakeTask(std::forward<F>(function),
                                 std::forward<Args>(args)...);
  internal::StartAfter(*task, internal::DelayNanoseconds(delay));
  return GreenThread(std::move(task));
}

}  // namespace green

#endif  // GREEN_GREEN_THREAD_H_
