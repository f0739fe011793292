// What is due when: timers ordered by deadline, and those of one deadline by
// when they were added.
//
// A timer is a node that its owner embeds; the queue allocates nothing per
// timer. Adding stages it in O(1); Prepare() puts what is staged in order.
// Cancelling takes it out at once, so cancelled timers never pile up.
//
// Only the nearest timers are kept in order, in a heap that fits the first
// cache. The others lie unordered in leaves, each of which holds one range of
// deadlines: adding one appends to a leaf, cancelling one moves the leaf's last
// into its place. With a million pending, that costs the cache misses of
// looking at the timer itself and hardly more; in one big heap it is a miss for
// each timer that moves up or down. When the heap runs dry, the first leaf
// becomes the heap.
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

  // With kStaged an index into the staged timers, else a TimerQueue::SlotOf().
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

  // `timer` must not be pending. Throws std::bad_alloc, having done nothing.
  void Add(Timer& timer, int64_t deadline_ns);

  // Nothing happens when `timer` is not pending.
  void Cancel(Timer& timer) noexcept;

  // Makes the timers added since the last call eligible. Throws std::bad_alloc;
  // then some are, and the others still wait for the next call.
  void Prepare();

  // Takes out the first prepared timer with a deadline of at most `now_ns`;
  // nullptr when there is none.
  Timer* PopDue(int64_t now_ns) noexcept;

  // Of the prepared timers.
  int64_t NextDeadlineNs() const {
    return heap_.empty() ? kNever : heap_.front().deadline_ns;
  }

  // Prepared and staged.
  size_t size() const { return heap_.size() + far_count_ + staged_.size(); }

  // Calls visit(deadline_ns, timer) for each, in no order.
  template <typename Visit>
  void ForEach(Visit visit) const {
    const auto visit_all = [&](const std::vector<Entry>& entries) {
      for (const Entry& e : entries) visit(e.deadline_ns, *e.timer);
    };
    visit_all(heap_);
    for (const Leaf& leaf : leaves_) visit_all(leaf);
    visit_all(staged_);
  }

 private:
  // A deadline and a sequence number in one: comparing takes no branch.
  __extension__ typedef __int128 Key;

  struct Entry {
    int64_t deadline_ns;
    uint64_t sequence;
    Timer* timer;

    bool Before(const Entry& other) const { return key() < other.key(); }
    Key key() const {
      return static_cast<Key>(deadline_ns) * (Key{1} << 64) + sequence;
    }
  };
  static bool IsBefore(const Entry& a, const Entry& b) { return a.Before(b); }
  using Leaf = std::vector<Entry>;

  // Entries of the heap, and of a leaf, at most.
  static constexpr uint32_t kIndexBits = 12;
  static constexpr size_t kLeafSize = size_t{1} << kIndexBits;
  static constexpr uint32_t kMaxLeaves = Timer::kStaged >> kIndexBits;
  // Leaves with fewer look for a neighbour to join.
  static constexpr size_t kSmallLeaf = kLeafSize / 8;

  // Where the heap is, in a slot.
  static constexpr uint32_t kHeap = 0;

  // Four children a node: half the depth of a binary heap, and the children
  // of a node share cache lines.
  static constexpr size_t kArity = 4;

  static uint32_t SlotOf(uint32_t leaf, size_t index) {
    return leaf << kIndexBits | static_cast<uint32_t>(index);
  }

  void CancelStaged(size_t index);
  void AddPrepared(const Entry& entry);

  // The heap.
  void AddToHeap(const Entry& entry);
  void RemoveFromHeap(size_t index);
  void Place(size_t index, const Entry& entry);
  void SiftUp(size_t hole, const Entry& entry);
  void SiftDown(size_t hole, const Entry& entry);
  void OrderHeap();

  // The leaves (timer_queue_leaves.cc).
  size_t PositionOf(const Entry& entry) const;
  void AddToLeaf(size_t position, const Entry& entry);
  void RemoveFromLeaf(uint32_t leaf, size_t index);
  void RemoveFromSmallLeaf(uint32_t leaf, size_t index);
  void Put(uint32_t leaf, const Entry& entry);
  uint32_t SplitFull(uint32_t number, size_t position, const Entry& entry);
  uint32_t NewLeaf(size_t position);
  void DropLeaf(size_t position);
  void JoinNeighbour(size_t position);
  void MoveAll(size_t from, size_t to);
  void RefillHeap();
  void Renumber(uint32_t leaf);

  Leaf heap_;  // all that is due before the first leaf's lower bound
  std::vector<Leaf> leaves_{1};        // by number; that of kHeap stays empty
  std::vector<uint32_t> free_leaves_;  // numbers

  // In order: the leaf at a position holds what does not come before its lower
  // bound, but before the next one's.
  std::vector<Key> lower_bounds_;
  std::vector<uint32_t> order_;
  size_t far_count_ = 0;  // in all leaves

  std::vector<Entry> staged_;
  uint64_t next_sequence_ = 0;
};

}  // namespace green::internal

#endif  // GREEN_TIMER_QUEUE_H_
