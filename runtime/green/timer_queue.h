// What is due when: timers ordered by deadline, and those of one deadline by
// when they were added.
//
// A timer is a node that its owner embeds; the queue allocates nothing per
// timer. Adding stages it in O(1); Prepare() moves what is staged into a heap.
// Cancelling takes it out at once: O(1) while staged, O(log n) in the heap, so
// cancelled timers never pile up.
//
// The surprising part: a timer added while due ones are being fired is staged,
// hence not fired in the same pass, even when it is due already. So timers that
// add timers cannot keep a hub from polling.
#ifndef GREEN_TIMER_QUEUE_H_
#define GREEN_TIMER_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace green::internal {

// Must stay where it is, and alive, while it is in a queue.
class Timer {
 public:
  // What the owner does when it is due.
  enum class Purpose : uint32_t { kWakeGreenThread, kCallBack, kTimeout };

  explicit Timer(Purpose purpose) : purpose_(purpose) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  Purpose purpose() const { return purpose_; }
  bool pending() const { return slot_ != kIdle; }

 private:
  friend class TimerQueue;

  static constexpr uint32_t kIdle = UINT32_MAX;
  static constexpr uint32_t kStaged = uint32_t{1} << 31;

  // An index into the heap, or, with kStaged, into the staged timers.
  uint32_t slot_ = kIdle;
  Purpose purpose_;
};

class TimerQueue {
 public:
  // The deadline of an empty queue.
  static constexpr int64_t kNever = INT64_MAX;

  TimerQueue() = default;
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  // `timer` must not be pending.
  void Add(Timer& timer, int64_t deadline_ns);

  // Nothing happens when `timer` is not pending.
  void Cancel(Timer& timer);

  // Makes the timers added since the last call eligible.
  void Prepare();

  // Takes out the first prepared timer with a deadline of at most `now_ns`;
  // nullptr when there is none.
  Timer* PopDue(int64_t now_ns);

  // Of the prepared timers.
  int64_t NextDeadlineNs() const {
    return heap_.empty() ? kNever : heap_.front().deadline_ns;
  }

  // Prepared and staged.
  size_t size() const { return heap_.size() + staged_.size(); }

 private:
  struct Entry {
    int64_t deadline_ns;
    uint64_t sequence;
    Timer* timer;

    bool Before(const Entry& other) const {
      return deadline_ns != other.deadline_ns ? deadline_ns < other.deadline_ns
                                              : sequence < other.sequence;
    }
  };

  // Four children a node: half the depth of a binary heap, and the children
  // of a node share cache lines.
  static constexpr size_t kArity = 4;

  void Place(size_t index, const Entry& entry);
  void SiftUp(size_t hole, const Entry& entry);
  void SiftDown(size_t hole, const Entry& entry);
  void RemoveFromHeap(size_t index);

  std::vector<Entry> heap_;
  std::vector<Entry> staged_;
  uint64_t next_sequence_ = 0;
};

}  // namespace green::internal

#endif  // GREEN_TIMER_QUEUE_H_
