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

#include <memory>
#include <utility>

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
  [[gnu::noinline]] void Start(internal::Task& task);

  std::shared_ptr<internal::PoolState> state_;
};

}  // namespace green

#endif  // GREEN_GREEN_POOL_H_
