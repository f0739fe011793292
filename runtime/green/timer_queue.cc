// Staging, and the heap of what is due next.
#include "green/timer_queue.h"

#include <algorithm>

namespace green::internal {
namespace {

// Staged timers that room is kept for. More of them come once, when a program
// starts a million, and must not cost memory ever after.
constexpr size_t kStagedKept = 4096;

}  // namespace

void TimerQueue::Add(Timer& timer, int64_t deadline_ns) {
  staged_.push_back({deadline_ns, next_sequence_++, &timer});
  timer.slot_ = static_cast<uint32_t>(staged_.size() - 1) | Timer::kStaged;
}

void TimerQueue::Cancel(Timer& timer) noexcept {
  if (!timer.pending()) return;
  const uint32_t leaf = timer.slot_ >> kIndexBits;
  const size_t index = timer.slot_ % kLeafSize;
  if ((timer.slot_ & Timer::kStaged) != 0) {
    CancelStaged(timer.slot_ & ~Timer::kStaged);
  } else if (leaf == kHeap) {
    RemoveFromHeap(index);
  } else {
    RemoveFromLeaf(leaf, index);
  }
  timer.slot_ = Timer::kIdle;
}

// Order is kept by the sequence numbers, not by where a staged timer lies.
void TimerQueue::CancelStaged(size_t index) {
  const Entry last = staged_.back();
  staged_.pop_back();
  if (index == staged_.size()) return;
  staged_[index] = last;
  last.timer->slot_ = static_cast<uint32_t>(index) | Timer::kStaged;
}

void TimerQueue::Prepare() {
  if (staged_.empty()) return;
  // Leaves what could not be prepared for want of memory staged.
  struct Rest {
    ~Rest() {
      staged.erase(staged.begin(), staged.begin() + done);
      for (size_t i = 0; i < staged.size(); ++i) {
        staged[i].timer->slot_ = static_cast<uint32_t>(i) | Timer::kStaged;
      }
      if (staged.empty() && staged.capacity() > kStagedKept)
        Leaf().swap(staged);
    }
    Leaf& staged;
    ptrdiff_t done = 0;
  } rest{staged_};
  for (const Entry& entry : staged_) {
    AddPrepared(entry);
    ++rest.done;
  }
}

// Nothing has changed when it throws.
void TimerQueue::AddPrepared(const Entry& entry) {
  if (order_.empty() || entry.key() < lower_bounds_.front()) {
    AddToHeap(entry);
  } else {
    AddToLeaf(PositionOf(entry), entry);
  }
}

Timer* TimerQueue::PopDue(int64_t now_ns) noexcept {
  if (heap_.empty() || heap_.front().deadline_ns > now_ns) return nullptr;
  Timer* timer = heap_.front().timer;
  timer->slot_ = Timer::kIdle;
  RemoveFromHeap(0);
  // The next call will touch it, and it may be anywhere.
  if (!heap_.empty()) __builtin_prefetch(heap_.front().timer, 1);
  return timer;
}

void TimerQueue::AddToHeap(const Entry& entry) {
  if (heap_.size() == kLeafSize) {
    const uint32_t leaf = SplitFull(kHeap, 0, entry);
    if (leaf != kHeap) {
      Put(leaf, entry);
      return;
    }
  }
  heap_.emplace_back();
  SiftUp(heap_.size() - 1, entry);
}

void TimerQueue::Place(size_t index, const Entry& entry) {
  heap_[index] = entry;
  entry.timer->slot_ = SlotOf(kHeap, index);
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
  if (index < heap_.size()) {
    const bool rises = index > 0 && last.Before(heap_[(index - 1) / kArity]);
    if (rises) {
      SiftUp(index, last);
    } else {
      SiftDown(index, last);
    }
  } else if (heap_.empty() && !order_.empty()) {
    RefillHeap();
  }
}

// Sorted is a heap, too, and leaves the least to do for those that are popped.
void TimerQueue::OrderHeap() {
  std::sort(heap_.begin(), heap_.end(), IsBefore);
  for (size_t i = 0; i < heap_.size(); ++i) {
    heap_[i].timer->slot_ = SlotOf(kHeap, i);
  }
}

}  // namespace green::internal
