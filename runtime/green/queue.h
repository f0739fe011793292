// Hands values from green threads to green threads.
//
//   green::Queue<std::string> urls(100);  // Put waits while 100 are in it
//   for (int i = 0; i < 4; ++i) {
//     green::SpawnN([&] {
//       for (;;) {
//         Fetch(urls.Get());
//         urls.TaskDone();
//       }
//     });
//   }
//   urls.Put("http://a");
//   urls.Join();  // until each that was put is done
//
// Who waits is served first come, first served. T need only be movable. A queue
// belongs to one OS thread's hub at a time; green threads of two cannot wait at
// it (std::logic_error). It may go while some wait at it: then only their
// timeouts, or exceptions, end their waits.
//
// The surprising part: who waits is served by whoever comes, not when its turn
// to run comes. A value that a waiting getter was given is out of the queue at
// once, and an exception that is thrown into it afterwards (Kill, Timeout) is
// thrown by its next wait, after Get has returned the value. In the same way a
// Put whose value was taken never fails, and one that fails keeps its value.
#ifndef GREEN_QUEUE_H_
#define GREEN_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "green/caller.h"
#include "green/green_thread.h"
#include "green/queue_items.h"
#include "green/wait_list.h"

namespace green {
namespace internal {

// Of values that were put: those that somebody has yet to call done.
class TaskCount {
 public:
  void Add() { --one_less_unfinished_; }
  void Done();
  void Join();
  size_t unfinished() const {
    return static_cast<size_t>(1 - one_less_unfinished_);
  }

 private:
  int64_t one_less_unfinished_ = 1;  // published: see WaitReason::kQueue
  WaitList joiners_;
};

struct NoTaskCount {
  void Add() {}
};

// Between two calls: getters wait only when there is no value, putters only
// when there is no room.
template <typename T, typename Items, typename Tasks>
class BasicQueue {
 public:
  static constexpr int64_t kUnlimited = -1;

  // Holds up to `max_size` values; any number when it is negative. When it is
  // 0, the queue is a rendezvous: Put waits until somebody has got the value.
  explicit BasicQueue(int64_t max_size = kUnlimited, Items items = Items())
      : room_(RoomOf(max_size)),
        max_size_(max_size),
        items_(std::move(items)) {}
  BasicQueue(const BasicQueue&) = delete;
  BasicQueue& operator=(const BasicQueue&) = delete;

  // Waits while it is full. When it throws, `value` is as it was.
  void Put(T&& value) { PutWithin(value, WaitList::kForever); }
  void Put(const T& value) { Put(T(value)); }

  // Waits until `timeout` has passed, at most. Whether it was put; otherwise
  // `value` is as it was.
  bool Put(T&& value, absl::Duration timeout) {
    return PutWithin(value, DelayNanoseconds(timeout));
  }
  bool Put(const T& value, absl::Duration timeout) {
    return Put(T(value), timeout);
  }

  // eventlet's put_nowait: false where that raises Full. Also in a hub's
  // callback. Into a rendezvous, when a getter waits.
  bool TryPut(T&& value) {
    if (HandToGetter(value)) return true;
    if (Full()) return false;
    Push(std::move(value));
    return true;
  }
  bool TryPut(const T& value) { return TryPut(T(value)); }

  // Waits while it is empty.
  T Get() { return *GetWithin(WaitList::kForever); }

  // Waits until `timeout` has passed, at most; nullopt then.
  std::optional<T> Get(absl::Duration timeout) {
    return GetWithin(DelayNanoseconds(timeout));
  }

  // eventlet's get_nowait: nullopt where that raises Empty. Also in a hub's
  // callback. From a rendezvous, when a putter waits.
  std::optional<T> TryGet() {
    const bool putter_waits = putters_.CanNotify();
    if (Empty()) {
      return putter_waits ? std::optional<T>(TakeFromPutter()) : std::nullopt;
    }
    std::optional<T> value(items_.Pop());
    --size_;
    ++room_;
    try {
      LetPuttersIn();
    } catch (...) {
      // The value is not to be lost for want of memory for another. Whose Put
      // that is stays in line, for the next Get.
    }
    return value;
  }

  // Values that can be got without waiting; those of putters that wait are not
  // among them.
  size_t Size() const { return static_cast<size_t>(size_); }
  bool Empty() const { return size_ == 0; }
  // Always, for a rendezvous.
  bool Full() const { return room_ <= 0; }
  // Negative: unlimited.
  int64_t MaxSize() const { return max_size_; }

  // As in the constructor. Growing lets in who waits to put; shrinking drops
  // nothing.
  void Resize(int64_t max_size) {
    max_size_ = max_size;
    room_ = RoomOf(max_size) - size_;
    LetPuttersIn();
  }

  // How many wait to put, and to get.
  size_t Putting() const { return putters_.size(); }
  size_t Getting() const { return getters_.size(); }

 protected:
  Tasks tasks_;

 private:
  static int64_t RoomOf(int64_t max_size) {
    return max_size < 0 ? INT64_MAX : max_size;
  }

  static WaitFor WaitForSome(const int64_t& state_word, void* exchange) {
    return {.reason = abi::WaitReason::kQueue,
            .object = reinterpret_cast<uint64_t>(&state_word),
            .exchange = exchange};
  }

  void Push(T&& value) {
    items_.Push(std::move(value));
    ++size_;
    --room_;
    tasks_.Add();
  }

  bool PutWithin(T& value, int64_t timeout_ns) {
    if (max_size_ == 0 && getters_.CanNotify()) {
      Caller::RequireWaitable();
      HandToGetter(value);
      // Which is in line before us, and has it when this returns.
      Caller::YieldUninterrupted();
      return true;
    }
    return TryPut(std::move(value)) ||
           putters_.Wait(WaitForSome(room_, &value), timeout_ns);
  }

  std::optional<T> GetWithin(int64_t timeout_ns) {
    std::optional<T> value = TryGet();
    if (!value.has_value())
      getters_.Wait(WaitForSome(size_, &value), timeout_ns);
    return value;
  }

  bool HandToGetter(T& value) {
    if (!getters_.CanNotify()) return false;
    static_cast<std::optional<T>*>(getters_.first_exchange())
        ->emplace(std::move(value));
    tasks_.Add();
    getters_.NotifyOne();
    return true;
  }

  T TakeFromPutter() {
    T value = std::move(*static_cast<T*>(putters_.first_exchange()));
    tasks_.Add();
    putters_.NotifyOne();
    return value;
  }

  void LetPuttersIn() {
    while (!Full() && putters_.CanNotify()) {
      Push(std::move(*static_cast<T*>(putters_.first_exchange())));
      putters_.NotifyOne();
    }
  }

  // Published: see WaitReason::kQueue.
  int64_t size_ = 0;
  int64_t room_;  // negative when it was made smaller than it is full
  int64_t max_size_;
  Items items_;
  WaitList getters_;
  WaitList putters_;
};

template <typename T, typename Items>
class TaskQueue : public BasicQueue<T, Items, TaskCount> {
 public:
  using BasicQueue<T, Items, TaskCount>::BasicQueue;

  // One value that was got has been dealt with. Throws std::logic_error when
  // called more often than values were put.
  void TaskDone() { this->tasks_.Done(); }

  // Waits until TaskDone() was called for each value that was put.
  void Join() { this->tasks_.Join(); }

  // Values for which it was not. That of a putter that waits does not count.
  size_t Unfinished() const { return this->tasks_.unfinished(); }
};

}  // namespace internal

// First in, first out.
template <typename T>
class Queue : public internal::TaskQueue<T, internal::FifoItems<T>> {
 public:
  using internal::TaskQueue<T, internal::FifoItems<T>>::TaskQueue;
};

// The same without TaskDone and Join.
template <typename T>
class LightQueue : public internal::BasicQueue<T, internal::FifoItems<T>,
                                               internal::NoTaskCount> {
 public:
  using internal::BasicQueue<T, internal::FifoItems<T>,
                             internal::NoTaskCount>::BasicQueue;
};

// The least first; of equal ones, the one that came in first. Putters that wait
// come in as they came, not by what they put.
template <typename T, typename Less = std::less<T>>
class PriorityQueue
    : public internal::TaskQueue<T, internal::PriorityItems<T, Less>> {
 public:
  explicit PriorityQueue(int64_t max_size = PriorityQueue::kUnlimited,
                         Less less = Less())
      : internal::TaskQueue<T, internal::PriorityItems<T, Less>>(
            max_size, internal::PriorityItems<T, Less>(std::move(less))) {}
};

// Last in, first out.
template <typename T>
class LifoQueue : public internal::TaskQueue<T, internal::LifoItems<T>> {
 public:
  using internal::TaskQueue<T, internal::LifoItems<T>>::TaskQueue;
};

}  // namespace green

#endif  // GREEN_QUEUE_H_
