#include "green/timer_queue.h"

#include <algorithm>

namespace green::internal {

void TimerQueue::Add(Timer& timer, int64_t deadline_ns) {
  staged_.push_back({deadline_ns, next_sequence_++, &timer});
  timer.slot_ = static_cast<uint32_t>(staged_.size() - 1) | Timer::kStaged;
}

void TimerQueue::Cancel(Timer& timer) {
  if (!timer.pending()) return;
  const uint32_t slot = timer.slot_;
  timer.slot_ = Timer::kIdle;
  if ((slot & Timer::kStaged) == 0) {
    RemoveFromHeap(slot);
    return;
  }
  // Order is kept by the sequence numbers, not by where a staged timer lies.
  const uint32_t index = slot & ~Timer::kStaged;
  const Entry last = staged_.back();
  staged_.pop_back();
  if (index == staged_.size()) return;
  staged_[index] = last;
  last.timer->slot_ = slot;
}

void TimerQueue::Prepare() {
  if (staged_.empty()) return;
  // Memory first, all of it: when there is none, nothing has moved.
  const size_t needed = heap_.size() + staged_.size();
  if (heap_.capacity() < needed) {
    heap_.reserve(std::max(needed, 2 * heap_.capacity()));
  }
  for (const Entry& entry : staged_) {
    heap_.emplace_back();
    SiftUp(heap_.size() - 1, entry);
  }
  staged_.clear();
}

Timer* TimerQueue::PopDue(int64_t now_ns) {
  if (heap_.empty() || heap_.front().deadline_ns > now_ns) return nullptr;
  Timer* timer = heap_.front().timer;
  timer->slot_ = Timer::kIdle;
  RemoveFromHeap(0);
  return timer;
}

void TimerQueue::Place(size_t index, const Entry& entry) {
  heap_[index] = entry;
  entry.timer->slot_ = static_cast<uint32_t>(index);
}

void TimerQueue::SiftUp(size_t hole, const Entry& entry) {
  while (hole > 0) {
    const size_t parent = (hole - 1) / kArity;
    if (!entry.Before(heap_[parent])) break;
    Place(hole, heap_[parent]);
    hole = parent;
  }
  Place(hole, entry);
}

void TimerQueue::SiftDown(size_t hole, const Entry& entry) {
  for (;;) {
    const size_t first = hole * kArity + 1;
    if (first >= heap_.size()) break;
    const size_t end = std::min(first + kArity, heap_.size());
    size_t least = first;
    for (size_t child = first + 1; child < end; ++child) {
      if (heap_[child].Before(heap_[least])) least = child;
    }
    if (!heap_[least].Before(entry)) break;
    Place(hole, heap_[least]);
    hole = least;
  }
  Place(hole, entry);
}

void TimerQueue::RemoveFromHeap(size_t index) {
  const Entry last = heap_.back();
  heap_.pop_back();
  if (index == heap_.size()) return;
  const bool rises = index > 0 && last.Before(heap_[(index - 1) / kArity]);
  if (rises) {
    SiftUp(index, last);
  } else {
    SiftDown(index, last);
  }
}

}  // namespace green::internal
