// Calls that block, on OS threads of their own.
//
//   std::string text = green::Offload([&] { return ReadWholeFile(path); });
//
// While the call goes on, other green threads run. It gives what the function
// returns, or throws what that throws. Nothing is copied: the caller stays
// where it is until the function has returned, so that may refer to the
// caller's variables; but what other green threads use, too, needs a lock.
//
// The surprising part: a call that has begun cannot be ended. An exception that
// is thrown into the caller meanwhile (Kill, Timeout) is thrown at once only
// while the call still waits for a thread; else when it has returned. For the
// same reason, an OS thread that exits waits for the calls of its green
// threads.
#ifndef GREEN_OFFLOAD_H_
#define GREEN_OFFLOAD_H_

#include <functional>
#include <type_traits>
#include <utility>

#include "green/task.h"

namespace green {

// At most so many calls go on at a time in the process; more wait in line,
// first come, first served. 20 at first, as in eventlet. Threads are started
// when they are needed, and go when there are too many. Throws
// std::invalid_argument when below 1.
void SetOffloadThreads(int count);

namespace internal {

// Calls call(argument) on another thread, which must not throw, and waits.
[[gnu::noinline]] void CallOnAnotherThread(void (*call)(void*), void* argument);

}  // namespace internal

// function(args...), on another OS thread. Throws std::logic_error in a hub's
// callback, and std::system_error when there is no thread to be had at all.
template <typename F, typename... Args>
std::invoke_result_t<F, Args...> Offload(F&& function, Args&&... args) {
  using R = std::invoke_result_t<F, Args...>;
  internal::Outcome<R> outcome;
  std::exception_ptr thrown;
  auto call = [&] {
    try {
      if constexpr (std::is_void_v<R>) {
        std::invoke(std::forward<F>(function), std::forward<Args>(args)...);
      } else {
        outcome.Set(std::invoke(std::forward<F>(function),
                                std::forward<Args>(args)...));
      }
    } catch (...) {
      thrown = std::current_exception();
    }
  };
  internal::CallOnAnotherThread(
      [](void* its_call) { (*static_cast<decltype(call)*>(its_call))(); },
      &call);
  if (thrown != nullptr) std::rethrow_exception(std::move(thrown));
  return outcome.Take();
}

}  // namespace green

#endif  // GREEN_OFFLOAD_H_
