// Green threads whose results are wanted in the order of spawning.
//
//   green::GreenPile<Page> pages(pool);
//   for (const std::string& url : urls) pages.Spawn(Fetch, url);
//   for (Page page : pages) Index(page);
//
// A pile belongs to the thread that made it. It may go while some spawn or take
// results; calls that were spawned run on.
//
// The surprising part: taking ends when each that was spawned is taken, and
// nobody is just waiting to spawn. A green thread that goes on to spawn later
// may find that whoever took has gone.
#ifndef GREEN_GREEN_PILE_H_
#define GREEN_GREEN_PILE_H_

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "green/green_pool.h"
#include "green/result_line.h"
#include "green/task.h"

namespace green {
namespace internal {

template <typename R, typename F>
struct Returns {
  template <typename... Args>
  R operator()(Args&&... args) {
    if constexpr (std::is_void_v<R>) {
      std::invoke(function, std::forward<Args>(args)...);
    } else {
      return std::invoke(function, std::forward<Args>(args)...);
    }
  }
  F function;
};

}  // namespace internal

// R is what the calls return, or what that converts to. Results are taken by
// begin(), end(), Next().
template <typename R>
class GreenPile : public internal::Results<R> {
 public:
  // In `pool`, which is not owned and must be there when one spawns. Many piles
  // may share one.
  explicit GreenPile(GreenPool& pool)
      : internal::Results<R>(std::make_shared<internal::ResultLine>()),
        pool_(pool) {}

  // In a pool of its own. Throws std::invalid_argument when negative.
  explicit GreenPile(int size = 1000)
      : internal::Results<R>(std::make_shared<internal::ResultLine>()),
        own_pool_(std::make_unique<GreenPool>(size)),
        pool_(*own_pool_) {}

  GreenPile(const GreenPile&) = delete;
  GreenPile& operator=(const GreenPile&) = delete;

  // As GreenPool::Spawn does, waiting for a place included. When it throws,
  // there is nothing to take.
  template <typename F, typename... Args>
  [[gnu::always_inline]] void Spawn(F&& function, Args&&... args) {
    using Result = std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>;
    if constexpr (std::is_same_v<Result, R>) {
      Start(internal::MakeTask(std::forward<F>(function),
                               std::forward<Args>(args)...));
    } else {
      Start(internal::MakeTask(
          internal::Returns<R, std::decay_t<F>>{std::forward<F>(function)},
          std::forward<Args>(args)...));
    }
  }

 private:
  [[gnu::always_inline]] void Start(
      internal::TaskPointer<internal::TaskOf<R>> call) {
    const internal::ResultLine::Adding adding(this->line_);
    pool_.Start(*call);
    adding.line().Add(std::move(call));
  }

  const std::unique_ptr<GreenPool> own_pool_;
  GreenPool& pool_;
};

}  // namespace green

#endif  // GREEN_GREEN_PILE_H_
