// What is due later: leaves, each unordered within its range of deadlines.
#include <algorithm>
#include <new>

#include "green/timer_queue.h"

namespace green::internal {
namespace {

// By doubling, as push_back() does.
template <typename T>
void ReserveOneMore(std::vector<T>& vector, size_t size) {
  if (vector.capacity() <= size) vector.reserve(2 * size + 8);
}

}  // namespace

// The position of the leaf for `entry`, which does not come before the first.
size_t TimerQueue::PositionOf(const Entry& entry) const {
  const Key key = entry.key();
  const Key* base = lower_bounds_.data();
  for (size_t count = lower_bounds_.size(); count > 1;) {
    const size_t half = count / 2;
    base += key < base[half] ? 0 : half;
    count -= half;
  }
  return static_cast<size_t>(base - lower_bounds_.data());
}

void TimerQueue::AddToLeaf(size_t position, const Entry& entry) {
  uint32_t leaf = order_[position];
  if (leaves_[leaf].size() == kLeafSize) {
    leaf = SplitFull(leaf, position + 1, entry);
  }
  Put(leaf, entry);
}

// Into a leaf that has room.
void TimerQueue::Put(uint32_t leaf, const Entry& entry) {
  Leaf& entries = leaves_[leaf];
  entry.timer->slot_ = SlotOf(leaf, entries.size());
  entries.push_back(entry);
  ++far_count_;
}

void TimerQueue::RemoveFromLeaf(uint32_t leaf, size_t index) {
  Leaf& entries = leaves_[leaf];
  if (entries.size() <= kSmallLeaf) {
    RemoveFromSmallLeaf(leaf, index);
    return;
  }
  // Written, not read: that no cache holds it then costs no waiting.
  const Entry last = entries.back();
  entries[index] = last;
  last.timer->slot_ = SlotOf(leaf, index);
  entries.pop_back();
  --far_count_;
}

void TimerQueue::RemoveFromSmallLeaf(uint32_t leaf, size_t index) {
  Leaf& entries = leaves_[leaf];
  const size_t position = PositionOf(entries[index]);
  entries[index] = entries.back();
  entries.pop_back();
  --far_count_;
  if (index < entries.size()) entries[index].timer->slot_ = SlotOf(leaf, index);
  if (entries.empty()) {
    DropLeaf(position);
  } else {
    JoinNeighbour(position);
  }
}

// Makes room for `entry` in the heap or a leaf, which is full, by a new leaf at
// `position`. The number of the new leaf when `entry` belongs there, else
// `number`. Nothing has changed when it throws.
uint32_t TimerQueue::SplitFull(uint32_t number, size_t position,
                               const Entry& entry) {
  const uint32_t upper_number = NewLeaf(position);
  Leaf& full = number == kHeap ? heap_ : leaves_[number];
  // Timers of one duration come in order. Then what is full stays full.
  const bool is_last =
      std::all_of(full.begin(), full.end(),
                  [&](const Entry& other) { return other.Before(entry); });
  if (is_last) {
    lower_bounds_[position] = entry.key();
    return upper_number;
  }
  const auto middle = full.begin() + kLeafSize / 2;
  std::nth_element(full.begin(), middle, full.end(), IsBefore);
  lower_bounds_[position] = middle->key();
  for (auto at = middle; at != full.end(); ++at) Put(upper_number, *at);
  full.erase(middle, full.end());
  if (number == kHeap) {
    OrderHeap();
  } else {
    far_count_ -= kLeafSize / 2;
    Renumber(number);
  }
  return entry.key() < lower_bounds_[position] ? number : upper_number;
}

// Of its lower bound the caller takes care.
uint32_t TimerQueue::NewLeaf(size_t position) {
  uint32_t number;
  if (free_leaves_.empty()) {
    if (leaves_.size() == kMaxLeaves) throw std::bad_alloc();
    number = static_cast<uint32_t>(leaves_.size());
    // Giving a leaf back must not need memory.
    ReserveOneMore(free_leaves_, leaves_.size());
    leaves_.emplace_back();
    free_leaves_.push_back(number);
  } else {
    number = free_leaves_.back();
  }
  ReserveOneMore(order_, order_.size());
  ReserveOneMore(lower_bounds_, lower_bounds_.size());
  leaves_[number].reserve(kLeafSize);
  free_leaves_.pop_back();
  const auto at = static_cast<ptrdiff_t>(position);
  order_.insert(order_.begin() + at, number);
  lower_bounds_.insert(lower_bounds_.begin() + at, 0);
  return number;
}

// Its entries are elsewhere.
void TimerQueue::DropLeaf(size_t position) {
  const uint32_t number = order_[position];
  Leaf().swap(leaves_[number]);
  free_leaves_.push_back(number);
  const auto at = static_cast<ptrdiff_t>(position);
  order_.erase(order_.begin() + at);
  lower_bounds_.erase(lower_bounds_.begin() + at);
}

// A small leaf joins one that leaves both room to grow. Its range goes to the
// one before it, as that of every leaf that is dropped; so it takes the entries
// of the one after it, rather than giving it its own.
void TimerQueue::JoinNeighbour(size_t position) {
  const auto size = [&](size_t at) { return leaves_[order_[at]].size(); };
  if (position > 0 && size(position - 1) + size(position) <= kLeafSize / 2) {
    MoveAll(position, position - 1);
  } else if (position + 1 < order_.size() &&
             size(position) + size(position + 1) <= kLeafSize / 2) {
    MoveAll(position + 1, position);
  }
}

void TimerQueue::MoveAll(size_t from, size_t to) {
  const Leaf& entries = leaves_[order_[from]];
  far_count_ -= entries.size();
  for (const Entry& entry : entries) Put(order_[to], entry);
  DropLeaf(from);
}

// The first leaf becomes the heap, which is empty.
void TimerQueue::RefillHeap() {
  heap_.swap(leaves_[order_.front()]);
  far_count_ -= heap_.size();
  DropLeaf(0);
  OrderHeap();
}

void TimerQueue::Renumber(uint32_t leaf) {
  const Leaf& entries = leaves_[leaf];
  for (size_t i = 0; i < entries.size(); ++i) {
    entries[i].timer->slot_ = SlotOf(leaf, i);
  }
}

}  // namespace green::internal
