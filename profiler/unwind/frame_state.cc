#include "unwind/frame_state.h"

namespace hubspy {

void FrameState::Apply(const Instruction& instruction) {
  using Kind = Instruction::Kind;
  switch (instruction.kind) {
    case Kind::kAddToSp:
      sp_ = Moved(sp_, instruction.value);
      break;
    case Kind::kSpFromFp:
      sp_ = Moved(FpAsPlace(), instruction.value);
      break;
    case Kind::kFpFromSp:
      fp_ = {Moved(sp_, instruction.value), false};
      break;
    case Kind::kSpoilsSp:
      sp_ = {};
      break;
    case Kind::kSpoilsFp:
      fp_ = {};
      break;
    default:
      ApplyOfMachine(instruction);
  }
}

Place FrameState::Moved(Place place, int64_t bytes) {
  // Unsigned: garbage may overflow.
  place.offset = static_cast<int64_t>(static_cast<uint64_t>(place.offset) +
                                      static_cast<uint64_t>(bytes));
  return place;
}

void FrameState::Store(const Place& at, const Content& content) {
  if (!at.base) return;
  for (size_t i = 0; i < word_count_; ++i) {
    if (words_[i].at == at) {
      words_[i].content = content;
      return;
    }
  }
  if (word_count_ == kMaxWords) {
    sp_ = {};  // lost track
    return;
  }
  words_[word_count_++] = {at, content};
}

Content FrameState::Load(const Place& at) const {
  if (!at.base) return {};
  for (size_t i = 0; i < word_count_; ++i) {
    if (words_[i].at == at) return words_[i].content;
  }
  return {at, true};
}

}  // namespace hubspy
