// A function called with each of many values, several calls at a time.
//
//   green::GreenPool pool(10);
//   for (Page page : pool.IMap(Fetch, urls)) Index(page);  // in urls' order
//
// Its input is read, and its calls begin, only as its results are taken: no
// more than the pool's size are running, or have ended and wait to be taken. So
// input may be as long as one likes, and may wait.
//
// Function and input are copied into it, or moved, as std::thread does; of a
// view (std::span, std::ranges::ref_view), what it looks at must outlive the
// map. All calls share that one function. A map belongs to the thread that made
// it.
//
// The surprising part: a map has places of its own, as many as the pool had
// when it was made. So it may be taken from inside of the pool. It may also be
// left early: then its input is read no further, while calls that were begun
// run on, and if the input is just waiting, that wait is ended while the map
// goes, which lets others run.
#ifndef GREEN_GREEN_MAP_H_
#define GREEN_GREEN_MAP_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>

#include "green/result_line.h"
#include "green/task.h"

namespace green {

// The results: begin(), end(), Next(). What its input throws is thrown when all
// results of what came before are taken, and ends it.
template <typename R>
class [[nodiscard]] GreenMap : public internal::Results<R> {
 public:
  // By GreenPool::IMap and StarMap.
  explicit GreenMap(std::shared_ptr<internal::ResultLine> line)
      : internal::Results<R>(std::move(line)) {}
  GreenMap(GreenMap&&) noexcept = default;
  GreenMap& operator=(GreenMap&& other) noexcept {
    std::swap(this->line_, other.line_);
    return *this;
  }
  ~GreenMap() {
    if (this->line_ != nullptr) this->line_->Abandon();
  }
};

namespace internal {

template <typename F>
class SharedFunction {
 public:
  explicit SharedFunction(F function)
      : function_(std::make_shared<F>(std::move(function))) {}

  template <typename... Args>
  decltype(auto) operator()(Args&&... args) const {
    return std::invoke(*function_, std::forward<Args>(args)...);
  }

 private:
  std::shared_ptr<F> function_;
};

// What each call is given a copy of.
template <typename F>
auto Shareable(F&& function) {
  using Function = std::decay_t<F>;
  if constexpr (std::is_pointer_v<Function> ||
                std::is_member_pointer_v<Function>) {
    return Function(function);
  } else {
    return SharedFunction<Function>(std::forward<F>(function));
  }
}

// A range of one's own, value by value.
template <typename Range>
class Input {
 public:
  using Value = std::ranges::range_value_t<Range>;

  explicit Input(Range range) : range_(std::move(range)) {}

  // Whether there is a next one. Not to be moved, nor asked again after the
  // last, from then on.
  bool Advance() {
    if (at_.has_value()) {
      ++*at_;
    } else {
      at_.emplace(std::ranges::begin(range_));
    }
    return *at_ != std::ranges::end(range_);
  }
  Value Get() { return *(*at_); }

 private:
  Range range_;
  std::optional<std::ranges::iterator_t<Range>> at_;
};

// One value of each range, until one of them has no more.
template <typename... Ranges>
class ZippedInput {
 public:
  explicit ZippedInput(Ranges... ranges) : inputs_(std::move(ranges)...) {}

  // What make(values...) makes of the next ones; nullptr when there are none.
  template <typename Make>
  auto Next(const Make& make) {
    return std::apply(
        [&](Input<Ranges>&... inputs) {
          using Made = decltype(make(inputs.Get()...));
          return (inputs.Advance() && ...) ? make(inputs.Get()...) : Made();
        },
        inputs_);
  }

 private:
  std::tuple<Input<Ranges>...> inputs_;
};

// The elements of each of a range's tuples.
template <typename Range>
class UnpackedInput {
 public:
  explicit UnpackedInput(Range range) : input_(std::move(range)) {}

  template <typename Make>
  auto Next(const Make& make) {
    using Made = decltype(std::apply(make, input_.Get()));
    return input_.Advance() ? std::apply(make, input_.Get()) : Made();
  }

 private:
  Input<Range> input_;
};

template <typename Function>
struct MakeCall {
  template <typename... Values>
  auto operator()(Values&&... values) const {
    return MakeTask(function, std::forward<Values>(values)...);
  }
  Function function;
};

// The spawner's own call. It keeps `adding` until it is known how it ended.
template <typename Function, typename SomeInput>
void SpawnCalls(const ResultLine::Adding& adding,
                const MakeCall<Function>& make, SomeInput&& input) {
  ResultLine& line = adding.line();
  while (line.WaitForRoom()) {
    line.SetReading(true);
    auto call = input.Next(make);
    line.SetReading(false);
    if (call == nullptr || line.abandoned()) return;
    line.StartAndAdd(std::move(call));
  }
}

template <typename Function, typename SomeInput>
[[gnu::always_inline]] inline auto StartMap(size_t size, Function function,
                                            SomeInput input) {
  using Made = decltype(input.Next(std::declval<MakeCall<Function>>()));
  using R = typename Made::element_type::Result;
  auto line = std::make_shared<ResultLine>(size);
  line->StartSpawner(
      MakeTask(&SpawnCalls<Function, SomeInput>, ResultLine::Adding(line),
               MakeCall<Function>{std::move(function)}, std::move(input)));
  return GreenMap<R>(std::move(line));
}

}  // namespace internal
}  // namespace green

#endif  // GREEN_GREEN_MAP_H_
