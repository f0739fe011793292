// At most so many green threads at a time.
//
//   green::GreenPool pool(2);
//   pool.Spawn(Fetch, "http://a");  // waits for a place when both are taken
//   pool.WaitAll();
//
// A pool belongs to the thread that made it. It may go before its green threads
// do; they run on.
//
// The surprising part: spawning from inside a full pool, by one of its own
// green threads, calls the function then and there, as eventlet does. Waiting
// for a place could wait for itself. What is thrown meanwhile into the green
// thread that calls it (Kill, or a Timeout that was set before) is meant for
// that, and if the function ends by it, so does Spawn.
#ifndef GREEN_GREEN_POOL_H_
#define GREEN_GREEN_POOL_H_

#include <cstddef>
#include <memory>
#include <ranges>
#include <type_traits>
#include <utility>

#include "green/green_map.h"
#include "green/green_thread.h"
#include "green/task.h"
#include "green/wait_list.h"

namespace green {
namespace internal {

// Shared by a pool and its tasks.
struct PoolState {
  int free() const { return size - running - promised; }
  void OfferPlaces();  // to those who wait
  void Leave();

  Hub* hub = nullptr;
  int size = 0;
  int running = 0;
  int promised = 0;   // places, to those who waited and have yet to take them
  WaitList spawners;  // want a place
  WaitList idlers;    // want all to end
};

}  // namespace internal

template <typename R>
class GreenPile;

class GreenPool {
 public:
  // Throws std::invalid_argument when negative. A pool of 0 takes nothing until
  // it is resized.
  explicit GreenPool(int size = 1000);
  GreenPool(const GreenPool&) = delete;
  GreenPool& operator=(const GreenPool&) = delete;

  // Waits for a place, then does what green::Spawn does.
  template <typename F, typename... Args>
  [[gnu::always_inline]] auto Spawn(F&& function, Args&&... args) {
    auto task = internal::MakeTask(std::forward<F>(function),
                                   std::forward<Args>(args)...);
    Start(*task);
    return GreenThread(std::move(task));
  }

  // The same, without a handle.
  template <typename F, typename... Args>
  [[gnu::always_inline]] void SpawnN(F&& function, Args&&... args) {
    Start(*internal::MakeTask(std::forward<F>(function),
                              std::forward<Args>(args)...));
  }

  // The results of function(a, b...) for each a of the first range, b of the
  // second and so on, until one of them ends; see GreenMap. Throws
  // std::logic_error when the size is 0.
  template <typename F, typename... Ranges>
  requires(sizeof...(Ranges) > 0 &&
           (std::ranges::input_range<std::decay_t<Ranges>> && ...))
      [[gnu::always_inline]] auto IMap(F&& function, Ranges&&... ranges) {
    return internal::StartMap(PlacesOfMap(),
                              internal::Shareable(std::forward<F>(function)),
                              internal::ZippedInput<std::decay_t<Ranges>...>(
                                  std::forward<Ranges>(ranges)...));
  }

  // The same of function(a, b...) for each std::tuple (pair, array) a, b... of
  // the range.
  template <typename F, typename Range>
  requires std::ranges::input_range<std::decay_t<Range>>
  [[gnu::always_inline]] auto StarMap(F&& function, Range&& range) {
    return internal::StartMap(PlacesOfMap(),
                              internal::Shareable(std::forward<F>(function)),
                              internal::UnpackedInput<std::decay_t<Range>>(
                                  std::forward<Range>(range)));
  }

  // Waits until no green thread of the pool is left. Throws std::logic_error
  // when one of them calls it.
  void WaitAll();

  // Shrinking ends nobody; it takes effect as green threads end. Throws
  // std::invalid_argument when negative.
  void Resize(int size);

  int Size() const { return state_->size; }
  int Running() const { return state_->running; }
  // Those who wait for a place.
  int Waiting() const { return static_cast<int>(state_->spawners.size()); }
  // Negative while more are running than the size that the pool was resized to.
  int Free() const { return state_->free(); }

 private:
  template <typename R>
  friend class GreenPile;

  [[gnu::noinline]] void Start(internal::Task& task);
  size_t PlacesOfMap() const;

  std::shared_ptr<internal::PoolState> state_;
};

}  // namespace green

#endif  // GREEN_GREEN_POOL_H_
