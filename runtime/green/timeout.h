// A limit to how long a piece of code may take.
//
//   green::Timeout timeout(absl::Seconds(1));
//   try {
//     Fetch();
//   } catch (const green::TimeoutExpired& expired) {
//     if (!expired.Of(timeout)) throw;  // an outer one's
//   }
//
// When it expires before it goes out of scope, it is thrown in the green thread
// that made it, at the wait that goes on then, or else at its next one. Code
// that does not wait is not interrupted.
//
// The surprising part: what is thrown is no std::exception, so that a handler
// for errors lets it pass, on its way to whoever set the limit. And each limit
// that expires is thrown once: when an inner and an outer one expire together,
// whoever catches the inner one's meets the outer one's at the next wait.
#ifndef GREEN_TIMEOUT_H_
#define GREEN_TIMEOUT_H_

#include <cstdint>
#include <exception>
#include <type_traits>
#include <utility>

#include "absl/time/time.h"
#include "green/timer_queue.h"

namespace green {

class Hub;
class Timeout;

namespace internal {
struct ControlBlock;
}

class TimeoutExpired {
 public:
  TimeoutExpired(uint64_t number, absl::Duration limit)
      : number_(number), limit_(limit) {}

  // Whether this is what `timeout` has thrown.
  bool Of(const Timeout& timeout) const;

  absl::Duration limit() const { return limit_; }

 private:
  uint64_t number_;
  absl::Duration limit_;
};

class Timeout : private internal::Timer {
 public:
  // Starts at once, for the calling green thread, by its hub's clock. Zero or
  // less expires at its next wait, infinite never.
  explicit Timeout(absl::Duration limit);

  // Throws `exception` instead.
  Timeout(absl::Duration limit, std::exception_ptr exception);

  ~Timeout() { Cancel(); }

  // Whether it can still be thrown.
  bool Pending() const;

  // It is not thrown any more. Nothing happens when it was.
  void Cancel();

  // Starts again, for the calling green thread. Throws std::logic_error while
  // it is pending.
  void Start();

 private:
  friend class Hub;
  friend class TimeoutExpired;

  // In the order of its life; all but kPending may be started again.
  enum class State : uint8_t { kIdle, kPending, kExpired, kThrown };

  std::exception_ptr Exception() const;

  absl::Duration limit_;
  std::exception_ptr exception_;  // nullptr: TimeoutExpired
  uint64_t number_;               // never reused in a process
  Hub* hub_ = nullptr;
  internal::ControlBlock* block_ = nullptr;  // whose limit it is,
  uint64_t green_id_ = 0;                    // as long as that has this id
  Timeout* next_expired_ = nullptr;
  int in_place_depth_ = 0;  // of the calls within which it was started
  State state_ = State::kIdle;
};

// What function(args...) returns, or throws; TimeoutExpired when that takes
// longer than `limit`.
template <typename F, typename... Args>
decltype(auto) WithTimeout(absl::Duration limit, F&& function, Args&&... args) {
  const Timeout timeout(limit);
  return std::forward<F>(function)(std::forward<Args>(args)...);
}

// The same, but `otherwise` when the limit has passed. Limits that are set
// further out are not caught.
template <typename Value, typename F, typename... Args>
auto WithTimeoutOr(Value&& otherwise, absl::Duration limit, F&& function,
                   Args&&... args) -> std::invoke_result_t<F, Args...> {
  const Timeout timeout(limit);
  try {
    return std::forward<F>(function)(std::forward<Args>(args)...);
  } catch (const TimeoutExpired& expired) {
    if (!expired.Of(timeout)) throw;
    return std::forward<Value>(otherwise);
  }
}

}  // namespace green

#endif  // GREEN_TIMEOUT_H_
