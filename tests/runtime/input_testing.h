// What tests of pools share: a single-pass range of what a function makes of
// numbers, when it is read, and a function to call with each.
#ifndef HUBSPY_TESTS_RUNTIME_INPUT_TESTING_H_
#define HUBSPY_TESTS_RUNTIME_INPUT_TESTING_H_

#include <climits>
#include <cstddef>
#include <iterator>
#include <type_traits>
#include <utility>

#include "absl/time/time.h"
#include "green/green.h"

namespace green {

constexpr int kNoEnd = INT_MAX;

template <typename F>
class InputOf {
 public:
  // function(first), and so on up to function(end - 1).
  InputOf(int first, int end, F function)
      : first_(first), end_(end), function_(std::move(function)) {}

  class iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using value_type = std::invoke_result_t<F&, int>;
    using difference_type = std::ptrdiff_t;

    iterator() = default;
    iterator(F* function, int at) : function_(function), at_(at) {}
    value_type operator*() const { return (*function_)(at_); }
    iterator& operator++() {
      ++at_;
      return *this;
    }
    void operator++(int) { ++at_; }
    bool operator==(const iterator& other) const { return at_ == other.at_; }

   private:
    F* function_ = nullptr;
    int at_ = 0;
  };

  iterator begin() { return iterator(&function_, first_); }
  iterator end() { return iterator(&function_, end_); }

 private:
  int first_;
  int end_;
  F function_;
};

// Ends out of turn, so that the order of results is the pool's doing.
inline int PassAfterAWhile(int number) {
  Sleep(absl::Milliseconds(number * 7 % 5));
  return number;
}

}  // namespace green

#endif  // HUBSPY_TESTS_RUNTIME_INPUT_TESTING_H_
