// So many of something that is made when it is needed and used again.
//
//   green::Pool<Connection> connections([] { return Connect("db:5432"); });
//   {
//     auto connection = connections.Item();  // waits while 4 are in use
//     connection->Query("...");
//   }  // puts it back
//
// Who waits for one is served first come, first served. A pool belongs to the
// thread that made it. It may go while items are in use, which then go when
// they are put back, and while some wait: then only exceptions end their waits.
//
// The surprising part: an item that is put back is for the one that has waited
// longest, whenever that will run. When that is killed before it runs, Get
// still returns the item. And one waits only for a place: while the function
// that makes items waits for one, its place is taken, and when it throws, the
// next in line makes one.
#ifndef GREEN_RESOURCE_POOL_H_
#define GREEN_RESOURCE_POOL_H_

#include <compare>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "green/wait_list.h"

namespace green {

struct PoolOptions {
  int min_size = 0;  // that are made at once
  int max_size = 4;  // that are in use, or kept, at most

  // Of those that are kept, get the one that was put back last, not the one
  // that has been kept longest.
  bool order_as_stack = false;
};

namespace internal {

// How many items a pool may hand out. A waiter's exchange (see WaitFor) is for
// the pool to know.
class Places {
 public:
  // Throws std::invalid_argument unless 0 <= min_size <= max_size.
  explicit Places(const PoolOptions& options);

  // Takes a place if there is one. Places are handed to those who wait, so
  // there is none while anybody waits.
  bool TryTake();

  // Waits until one is handed over.
  void WaitForOne(void* exchange);

  // The exchange of the one that is next to get a place, which is then free for
  // it; nullptr when there is none, or no place.
  void* NextInLine() const;
  void HandOver();

  // Throws std::logic_error when none is taken.
  void RequireTaken() const;
  void Leave() {
    --taken_;
    ++free_;
  }

  // Throws std::invalid_argument when negative.
  void Resize(int size);

  int free() const { return static_cast<int>(free_); }
  int waiting() const { return static_cast<int>(waiters_.size()); }

 private:
  void Take() {
    ++taken_;
    --free_;
  }

  int64_t free_;  // published: see WaitReason::kResource
  int taken_ = 0;
  WaitList waiters_;
};

// What a pool and its items share.
template <typename T>
class ResourcePoolState {
 public:
  ResourcePoolState(std::function<T()> create, const PoolOptions& options)
      : create_(std::move(create)),
        order_as_stack_(options.order_as_stack),
        places_(options) {
    for (int i = 0; i < options.min_size; ++i) kept_.push_back(create_());
  }

  T Get() {
    std::optional<T> item;
    if (places_.TryTake()) {
      TakeKept(item);
    } else {
      places_.WaitForOne(&item);
    }
    return item.has_value() ? *std::move(item) : Create();
  }

  void Put(T&& item) {
    places_.RequireTaken();
    places_.Leave();
    if (void* const exchange = places_.NextInLine(); exchange != nullptr) {
      static_cast<std::optional<T>*>(exchange)->emplace(std::move(item));
      places_.HandOver();
    } else if (!closed_ && static_cast<int>(kept_.size()) < places_.free()) {
      Keep(std::move(item));
    }
  }

  void Resize(int max_size) {
    places_.Resize(max_size);
    ServeWaiters();
    std::deque<T> surplus;
    while (!kept_.empty() && static_cast<int>(kept_.size()) > places_.free()) {
      surplus.push_back(std::move(kept_.back()));
      kept_.pop_back();
    }
  }

  // No item is kept from now on.
  void Close() {
    closed_ = true;
    const std::deque<T> kept = std::exchange(kept_, {});
  }

  int free() const { return places_.free(); }
  int waiting() const { return places_.waiting(); }

 private:
  // With a place taken, which is left when it throws.
  T Create() {
    try {
      return create_();
    } catch (...) {
      places_.Leave();
      ServeWaiters();
      throw;
    }
  }

  void Keep(T&& item) {
    try {
      order_as_stack_ ? kept_.push_front(std::move(item))
                      : kept_.push_back(std::move(item));
    } catch (const std::bad_alloc&) {
      // Then it is not kept: the next one is made.
    }
  }

  void TakeKept(std::optional<T>& item) {
    if (kept_.empty()) return;
    item.emplace(std::move(kept_.front()));
    kept_.pop_front();
  }

  void ServeWaiters() {
    while (void* const exchange = places_.NextInLine()) {
      TakeKept(*static_cast<std::optional<T>*>(exchange));
      places_.HandOver();
    }
  }

  const std::function<T()> create_;
  const bool order_as_stack_;
  bool closed_ = false;
  Places places_;
  std::deque<T> kept_;
};

void RequireFunction(bool is_there);

}  // namespace internal

// Has an item of a Pool<T> as long as it lives.
template <typename T>
class [[nodiscard]] PoolItem {
 public:
  PoolItem(const PoolItem&) = delete;
  PoolItem& operator=(const PoolItem&) = delete;
  ~PoolItem() { state_->Put(std::move(item_)); }

  T& operator*() { return item_; }
  T* operator->() { return &item_; }

 private:
  template <typename U>
  friend class Pool;
  explicit PoolItem(std::shared_ptr<internal::ResourcePoolState<T>> state)
      : state_(std::move(state)), item_(state_->Get()) {}

  const std::shared_ptr<internal::ResourcePoolState<T>> state_;
  T item_;
};

// T need only be movable.
template <typename T>
class Pool {
 public:
  // `create` makes an item, in the green thread that asks for one; it may wait,
  // and throw, which Get then does. Throws std::invalid_argument when it is
  // empty, and unless 0 <= min_size <= max_size.
  explicit Pool(std::function<T()> create, const PoolOptions& options = {}) {
    internal::RequireFunction(create != nullptr);
    state_ = std::make_shared<internal::ResourcePoolState<T>>(std::move(create),
                                                              options);
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() { state_->Close(); }

  // An item that is kept, or else a new one; waits while max_size are in use.
  T Get() {
    const std::shared_ptr<internal::ResourcePoolState<T>> state = state_;
    return state->Get();
  }

  // Gives one back that Get returned, or another in its stead; never waits.
  // Hands it to the one that has waited longest, or keeps it; it goes when
  // there are more than max_size. Throws std::logic_error when none is in use.
  void Put(T item) { state_->Put(std::move(item)); }

  // The same two in one.
  PoolItem<T> Item() { return PoolItem<T>(state_); }

  // Growing lets in who waits. Shrinking takes nothing away that is in use; of
  // what is kept, it drops what is too much. Throws std::invalid_argument when
  // negative.
  void Resize(int max_size) { state_->Resize(max_size); }

  // How many can be got without waiting for one that is in use. Negative while
  // more are in use than the size that the pool was resized to.
  int Free() const { return state_->free(); }
  int Waiting() const { return state_->waiting(); }

 private:
  std::shared_ptr<internal::ResourcePoolState<T>> state_;
};

// Tells its holder from others of the same pool.
class Token {
 public:
  friend auto operator<=>(const Token&, const Token&) = default;

 private:
  friend class TokenPool;
  explicit Token(uint64_t number) : number_(number) {}
  uint64_t number_;
};

// A pool of what only says that its holder may.
class TokenPool : public Pool<Token> {
 public:
  explicit TokenPool(int max_size = 4);
};

}  // namespace green

#endif  // GREEN_RESOURCE_POOL_H_
