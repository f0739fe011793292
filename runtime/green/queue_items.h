// In what order a queue's values come out.
#ifndef GREEN_QUEUE_ITEMS_H_
#define GREEN_QUEUE_ITEMS_H_

#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

namespace green::internal {

// All have: Push, which leaves `value` alone when it throws; Pop, of what comes
// out next, when there is any.
template <typename T>
class FifoItems {
 public:
  void Push(T&& value) { items_.push_back(std::move(value)); }
  T Pop() {
    T value = std::move(items_.front());
    items_.pop_front();
    return value;
  }

 private:
  std::deque<T> items_;
};

template <typename T>
class LifoItems {
 public:
  void Push(T&& value) { items_.push_back(std::move(value)); }
  T Pop() {
    T value = std::move(items_.back());
    items_.pop_back();
    return value;
  }

 private:
  std::vector<T> items_;
};

// The least comes out first; of equal ones, the one that came first.
template <typename T, typename Less>
class PriorityItems {
 public:
  explicit PriorityItems(Less less = Less()) : less_(std::move(less)) {}

  void Push(T&& value) {
    items_.push_back({std::move(value), next_number_});
    ++next_number_;
    std::push_heap(items_.begin(), items_.end(), ComesLater{less_});
  }
  T Pop() {
    std::pop_heap(items_.begin(), items_.end(), ComesLater{less_});
    T value = std::move(items_.back().value);
    items_.pop_back();
    return value;
  }

 private:
  struct Item {
    T value;
    uint64_t number;
  };

  struct ComesLater {
    bool operator()(const Item& a, const Item& b) const {
      if (less(b.value, a.value)) return true;
      if (less(a.value, b.value)) return false;
      return b.number < a.number;
    }
    const Less& less;
  };

  Less less_;
  uint64_t next_number_ = 0;
  std::vector<Item> items_;  // a heap
};

}  // namespace green::internal

#endif  // GREEN_QUEUE_ITEMS_H_
