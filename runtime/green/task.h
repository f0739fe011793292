// The call that a green thread makes, and what comes of it.
//
// A task outlives its green thread while somebody may still ask for the result.
// It belongs to one hub's thread, like all of the runtime; its reference count
// is not atomic.
//
// The surprising part: an exception that nobody can ask for any more, because
// the last handle is gone, is reported on standard error at that moment.
#ifndef GREEN_TASK_H_
#define GREEN_TASK_H_

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "absl/strings/string_view.h"
#include "green/task_memory.h"
#include "green/wait_list.h"

namespace green {

class Hub;

// Thrown inside a green thread to end it while its stack is unwound: by Kill,
// and when its hub goes away. Not a std::exception, so that a handler for
// errors lets it pass. A handler for everything should rethrow it.
struct GreenExit {};

// Names a function that was linked to the end of a green thread.
enum class LinkId : uint64_t {};

namespace internal {

struct ControlBlock;
struct PoolState;

class Task {
 public:
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  static void* operator new(size_t size) { return AcquireTaskMemory(size); }
  static void operator delete(void* memory, size_t size) {
    ReleaseTaskMemory(memory, size);
  }
  // Of what a function needs more alignment for than memory usually has.
  static void* operator new(size_t size, std::align_val_t alignment) {
    return ::operator new(size, alignment);
  }
  static void operator delete(void* memory, std::align_val_t alignment) {
    ::operator delete(memory, alignment);
  }

  void AddReference() { ++references_; }
  void DropReference() {
    if (--references_ == 0) delete this;
  }

  // Where an observer should say that this green thread began.
  uint64_t entry() const { return entry_; }
  bool finished() const { return finished_; }

  void JoinPool(std::shared_ptr<PoolState> pool) { pool_ = std::move(pool); }
  const PoolState* pool() const { return pool_.get(); }

  // Makes the call and finishes.
  void Execute() noexcept;

  // The same in the middle of the calling green thread's own call. When that
  // was meant to end (Kill, a Timeout set outside of this call) and this one
  // ended by it, throws that here, after this has finished.
  void ExecuteInPlace();

  // Finishes without making the call. Nobody is told of `why` unless they ask.
  void Abandon(std::exception_ptr why) noexcept;

  // Lets the calling green thread wait until this has finished. Throws
  // std::logic_error where waiting could not end: from another hub's thread, or
  // from the call itself.
  void Join();

  // The same, then rethrows what the call threw.
  void Wait();

  // Whether Wait() would throw what the call threw, once it has finished.
  bool failed() const { return failure_ != nullptr; }

  // See GreenThread.
  void Kill(std::exception_ptr why);
  void KillWithoutWaiting(std::exception_ptr why);
  bool Cancel();
  LinkId Link(std::function<void()> function);
  bool Unlink(LinkId id);
  uint64_t id() const;
  void SetName(absl::string_view name);

 protected:
  explicit Task(uint64_t entry);
  virtual ~Task();

 private:
  friend class green::Hub;

  struct Failure;
  struct Links;

  virtual void Invoke() = 0;
  virtual void DestroyCall() = 0;
  void Fail(std::exception_ptr why);
  void Finish() noexcept;
  Hub& RequireItsHub(const char* method) const;

  uint32_t references_ = 1;
  bool finished_ = false;
  uint64_t entry_;
  Hub* hub_ = nullptr;             // where it was started
  ControlBlock* block_ = nullptr;  // while it is a green thread of that hub
  WaitList waiters_;
  std::unique_ptr<Failure> failure_;
  std::unique_ptr<Links> links_;
  std::shared_ptr<PoolState> pool_;
};

// Makes a green thread of `task`, ready to run, on the calling thread's hub,
// which takes a reference. At once, or `delay_ns` from now on the hub's clock;
// locally: or never, when the calling green thread ends before.
//
// Where the call returns to is published as where it was spawned, so what calls
// these for a user must be inlined into the user's function, or pass on where
// it itself returns to.
void Start(Task& task);
void StartFrom(uint64_t spawn_site, Task& task);
void StartAfter(Task& task, int64_t delay_ns);
void StartAfterLocal(Task& task, int64_t delay_ns);

template <typename R>
class Outcome {
 public:
  void Set(R&& value) { value_.emplace(std::move(value)); }
  const R& Get() const { return *value_; }
  R&& Take() { return std::move(*value_); }

 private:
  std::optional<R> value_;
};

template <typename R>
class Outcome<R&> {
 public:
  void Set(R& value) { value_ = &value; }
  R& Get() const { return *value_; }
  R& Take() { return *value_; }

 private:
  R* value_ = nullptr;
};

template <>
class Outcome<void> {
 public:
  void Get() const {}
  void Take() {}
};

template <typename R>
class TaskOf : public Task {
 public:
  using Result = R;

  Outcome<R>& outcome() { return outcome_; }

 protected:
  using Task::Task;

  Outcome<R> outcome_;
};

template <typename F, typename... Args>
class CallTask final : public TaskOf<std::invoke_result_t<F, Args...>> {
 public:
  using Result = std::invoke_result_t<F, Args...>;

  template <typename G, typename... Values>
  explicit CallTask(G&& function, Values&&... values)
      : TaskOf<Result>(EntryOf(function)),
        call_(std::in_place, std::forward<G>(function),
              std::forward<Values>(values)...) {}

 private:
  using Call = std::tuple<F, Args...>;

  template <typename G>
  static uint64_t EntryOf(const G& function) {
    if constexpr (std::is_function_v<std::remove_pointer_t<std::decay_t<G>>>) {
      const std::decay_t<G> pointer = function;
      return reinterpret_cast<uint64_t>(pointer);
    } else {
      // Named after the callable's type, so it tells as much.
      return reinterpret_cast<uint64_t>(&CallTask::Make);
    }
  }

  static Result Make(Call& call) {
    return MakeWith(call, std::index_sequence_for<Args...>());
  }
  // std::apply and std::invoke, without their ten frames in every stack.
  template <size_t... i>
  static Result MakeWith(Call& call, std::index_sequence<i...>) {
    if constexpr (std::is_member_pointer_v<F>) {
      return std::invoke(std::get<0>(call),
                         std::move(std::get<i + 1>(call))...);
    } else {
      return std::move(std::get<0>(call))(std::move(std::get<i + 1>(call))...);
    }
  }

  void Invoke() override {
    if constexpr (std::is_void_v<Result>) {
      Make(*call_);
    } else {
      this->outcome_.Set(Make(*call_));
    }
  }
  void DestroyCall() override { call_.reset(); }

  std::optional<Call> call_;
};

struct DropTaskReference {
  void operator()(Task* task) const { task->DropReference(); }
};
template <typename T>
using TaskPointer = std::unique_ptr<T, DropTaskReference>;

template <typename F, typename... Args>
auto MakeTask(F&& function, Args&&... args) {
  using Made = CallTask<std::decay_t<F>, std::decay_t<Args>...>;
  return TaskPointer<TaskOf<typename Made::Result>>(
      new Made(std::forward<F>(function), std::forward<Args>(args)...));
}

}  // namespace internal
}  // namespace green

#endif  // GREEN_TASK_H_
