// The innermost and the outermost frames of a walk of any length.
//
//   BothEnds walked(512, 512);
//   for each frame: walked.Add(code);
//   Stack stack = std::move(walked).Finish(StackEnd::kComplete, bytes);
//
// It takes no more memory than what it keeps, however many are added.
#ifndef HUBSPY_UNWIND_BOTH_ENDS_H_
#define HUBSPY_UNWIND_BOTH_ENDS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "model/address.h"
#include "model/stack.h"

namespace hubspy {

class BothEnds {
 public:
  // Both at least 1.
  BothEnds(size_t innermost, size_t outermost)
      : innermost_(innermost), outermost_(outermost) {}

  size_t count() const { return count_; }

  void Add(CodeAddress frame) {
    if (count_ < innermost_ + outermost_) {
      frames_.push_back(frame);
    } else {
      frames_[innermost_ + RingPlace()] = frame;
    }
    ++count_;
  }

  Stack Finish(StackEnd end, uint64_t bytes) && {
    LeftOut left_out;
    if (count_ > frames_.size()) {
      left_out = {.after = innermost_,
                  .count = static_cast<int64_t>(count_ - frames_.size())};
      const auto ring = frames_.begin() + static_cast<ptrdiff_t>(innermost_);
      std::rotate(ring, ring + static_cast<ptrdiff_t>(RingPlace()),
                  frames_.end());
    }
    return {.frames = std::move(frames_),
            .end = end,
            .left_out = left_out,
            .bytes = bytes};
  }

 private:
  // Where in the ring behind the innermost the oldest frame lies, which the
  // next one replaces.
  size_t RingPlace() const { return (count_ - innermost_) % outermost_; }

  size_t innermost_;
  size_t outermost_;
  size_t count_ = 0;
  std::vector<CodeAddress> frames_;
};

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_BOTH_ENDS_H_
