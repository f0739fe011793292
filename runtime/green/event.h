// Something that happens once, and that any number of green threads wait for.
//
//   green::Event<int> answer;
//   green::SpawnN([&] { answer.Send(42); });
//   answer.Wait();  // 42; at once when it was sent before
//
// Sending never waits and may be done in a hub's callback. An event belongs to
// one OS thread's hub at a time. It may go while some wait for it: then only
// their timeouts, or exceptions, end their waits.
//
// The surprising part: who waited when something was sent gets just that, even
// if the event is reset, and something else is sent, before it runs.
#ifndef GREEN_EVENT_H_
#define GREEN_EVENT_H_

#include <cstdint>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "green/green_thread.h"
#include "green/wait_list.h"

namespace green {
namespace internal {

// What was sent; SentValue says the rest.
struct Sent {
  std::exception_ptr exception;
};

template <typename T>
struct SentValue : Sent {
  explicit SentValue(T&& its_value) : value(std::move(its_value)) {}
  const T value;
};

class EventBase {
 public:
  EventBase(const EventBase&) = delete;
  EventBase& operator=(const EventBase&) = delete;

  // Whether something was sent, and whether that is an exception.
  bool Ready() const { return sent_ != nullptr; }
  bool HasException() const { return Ready() && sent_->exception != nullptr; }

  // Lets whoever waits, now or later, throw `exception`, or what is a
  // std::exception_ptr to it. Throws as Send does; std::invalid_argument when
  // it is a pointer to none.
  template <typename E>
  void SendException(E exception) {
    if constexpr (std::is_same_v<E, std::exception_ptr>) {
      SendPointer(std::move(exception));
    } else {
      SendPointer(std::make_exception_ptr(std::move(exception)));
    }
  }

  // Makes it one to which nothing was sent. Throws std::logic_error when it is.
  void Reset();

 protected:
  EventBase() = default;
  ~EventBase() = default;

  // Throws std::logic_error when something was sent already.
  void RequireUnsent() const;
  void Deliver(std::shared_ptr<const Sent> sent);

  // nullptr when the time has passed; rethrows an exception that was sent. Else
  // what is kept here at least until the next Reset.
  const Sent* Receive(int64_t timeout_ns);

 private:
  void SendPointer(std::exception_ptr exception);

  int64_t is_sent_ = 0;  // published: see WaitReason::kEvent
  WaitList waiters_;
  std::shared_ptr<const Sent> sent_;

  // For those who had yet to run when it was reset.
  std::vector<std::shared_ptr<const Sent>> sent_before_;
};

}  // namespace internal

template <typename T>
class Event : public internal::EventBase {
 public:
  // Throws std::logic_error when something was sent already.
  void Send(T value) {
    RequireUnsent();
    Deliver(std::make_shared<internal::SentValue<T>>(std::move(value)));
  }

  // What was sent, which stays until the event is next reset, or gone; throws
  // it, if it is an exception.
  const T& Wait() { return *Get(internal::WaitList::kForever); }

  // Waits until `timeout` has passed, at most; nullptr then.
  const T* Wait(absl::Duration timeout) {
    return Get(internal::DelayNanoseconds(timeout));
  }

 private:
  const T* Get(int64_t timeout_ns) {
    const internal::Sent* const sent = Receive(timeout_ns);
    if (sent == nullptr) return nullptr;
    return &static_cast<const internal::SentValue<T>*>(sent)->value;
  }
};

// Only that it has happened.
template <>
class Event<void> : public internal::EventBase {
 public:
  void Send() {
    RequireUnsent();
    Deliver(std::make_shared<internal::Sent>());
  }
  void Wait() { Receive(internal::WaitList::kForever); }
  // Whether it has, before `timeout` has passed.
  bool Wait(absl::Duration timeout) {
    return Receive(internal::DelayNanoseconds(timeout)) != nullptr;
  }
};

}  // namespace green

#endif  // GREEN_EVENT_H_
