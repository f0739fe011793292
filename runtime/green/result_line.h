// What a pile and a map are made of: calls in the order in which they were
// spawned, for whoever takes their results in that order.
//
// The surprising part: a taker that is interrupted while it waits has taken
// nothing. The next one to ask gets that same result.
#ifndef GREEN_RESULT_LINE_H_
#define GREEN_RESULT_LINE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "green/task.h"
#include "green/wait_list.h"

namespace green::internal {

class ResultLine {
 public:
  static constexpr size_t kUnlimited = SIZE_MAX;

  // `limit`: of the calls in it, which WaitForRoom keeps to.
  explicit ResultLine(size_t limit = kUnlimited) : limit_(limit) {}
  ResultLine(const ResultLine&) = delete;
  ResultLine& operator=(const ResultLine&) = delete;

  // As long as one lives, more calls may come, and takers wait for them.
  class Adding {
   public:
    explicit Adding(std::shared_ptr<ResultLine> line);
    Adding(Adding&&) noexcept = default;
    Adding& operator=(Adding&&) = delete;
    ~Adding();

    ResultLine& line() const { return *line_; }

   private:
    std::shared_ptr<ResultLine> line_;
  };

  void Add(TaskPointer<Task> call);

  // Starts `spawner`, which holds an Adding of this and ends when it has added
  // all. An exception that it ends with comes after all results.
  void StartSpawner(TaskPointer<Task> spawner);

  // For the spawner, in its green thread: waits until there is room for one
  // more. False: it should end.
  bool WaitForRoom();
  // Whether it is in its input's hands, which may have it wait.
  void SetReading(bool is_reading) { reading_ = is_reading; }
  bool abandoned() const { return abandoned_; }
  void StartAndAdd(TaskPointer<Task> call);

  // Nobody takes any more: ends the spawner. One that its input has wait is
  // unwound before this returns, but where one cannot wait.
  void Abandon();

  // Waits until it is known whether there is one more to take.
  bool HasNext();

  // Waits for the first call and takes it out, finished; nullptr when no more
  // will come. Throws, once, what the spawner ended with.
  TaskPointer<Task> Take();

  // The one at which an iteration is: takes it first, when none was taken, and
  // throws what it has thrown. Throws std::logic_error when there is none.
  Task& Current();
  // Goes on to the next, past one that may not have been taken.
  void Advance();
  // The same, but not past one that was not taken.
  void LeaveCurrent() { current_.reset(); }
  bool AtEnd() { return current_ == nullptr && !HasNext(); }

 private:
  void ThrowWhatEndedSpawner();
  uint64_t address() const { return reinterpret_cast<uint64_t>(this); }

  const size_t limit_;
  std::deque<TaskPointer<Task>> calls_;
  TaskPointer<Task> current_;
  int adding_ = 0;
  WaitList takers_;  // want a call to come, or none to come any more

  // Of a map.
  TaskPointer<Task> spawner_;  // nullptr: none, or what it threw was thrown
  uint64_t spawn_site_ = 0;
  bool reading_ = false;
  bool abandoned_ = false;
  WaitList room_;
};

// The results of calls that return R.
template <typename R>
class Results {
 public:
  // A void call's is std::monostate.
  using value_type =
      std::conditional_t<std::is_void_v<R>, std::monostate,
                         std::remove_cv_t<std::remove_reference_t<R>>>;
  using reference = std::conditional_t<std::is_void_v<R>, std::monostate,
                                       std::add_rvalue_reference_t<R>>;

  // Goes over them once, as std::input_iterator does: an object may be moved
  // out of *it. Comparing with end() waits until it is known whether there is
  // one more, *it until its call has ended, whose exception it throws; then ++
  // goes on to the next.
  class iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using value_type = Results::value_type;
    using difference_type = std::ptrdiff_t;

    iterator() = default;  // only to be assigned to
    reference operator*() const {
      Task& call = line_->Current();
      if constexpr (std::is_void_v<R>) {
        return {};
      } else {
        return static_cast<TaskOf<R>&>(call).outcome().Take();
      }
    }
    iterator& operator++() {
      line_->Advance();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& it, std::default_sentinel_t) {
      return it.line_->AtEnd();
    }

   private:
    friend class Results;
    explicit iterator(std::shared_ptr<ResultLine> line)
        : line_(std::move(line)) {}
    std::shared_ptr<ResultLine> line_;
  };

  // Goes on after whatever was taken before.
  iterator begin() {
    line_->LeaveCurrent();
    return iterator(line_);
  }
  std::default_sentinel_t end() const { return {}; }

  // The next result, which it waits for; or throws what the call threw. nullopt
  // when there are no more. A reference comes as a std::reference_wrapper.
  auto Next() {
    using Value = typename std::conditional_t<
        std::is_lvalue_reference_v<R>,
        std::type_identity<std::reference_wrapper<std::remove_reference_t<R>>>,
        std::type_identity<value_type>>::type;
    // The line may have to outlive this.
    const std::shared_ptr<ResultLine> line = line_;
    const TaskPointer<Task> call = line->Take();
    if (call == nullptr) return std::optional<Value>();
    call->Wait();
    if constexpr (std::is_void_v<R>) {
      return std::optional<Value>(std::in_place);
    } else {
      return std::optional<Value>(
          static_cast<TaskOf<R>&>(*call).outcome().Take());
    }
  }

 protected:
  explicit Results(std::shared_ptr<ResultLine> line) : line_(std::move(line)) {}
  Results(Results&&) noexcept = default;
  Results& operator=(Results&&) noexcept = default;
  ~Results() = default;

  std::shared_ptr<ResultLine> line_;  // nullptr: moved from
};

}  // namespace green::internal

#endif  // GREEN_RESULT_LINE_H_
