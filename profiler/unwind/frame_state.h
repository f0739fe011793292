// What the code of a function has done to a frame's registers, on the way from
// where the frame stands: numbers made from those that it has there.
//
//   FrameState state = FrameState::Here();
//   state.Apply(instruction);             // one after the other
//   state.Return();                       // at the `ret`
//
// What its own instructions do, and what a `ret` takes, each machine says in a
// file of its own.
#ifndef HUBSPY_UNWIND_FRAME_STATE_H_
#define HUBSPY_UNWIND_FRAME_STATE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "decode/decoder.h"
#include "model/machine.h"

namespace hubspy {

// A number made from a register of the frame.
struct Place {
  std::optional<Reg> base;  // absent: not known
  int64_t offset = 0;

  friend bool operator==(const Place&, const Place&) = default;
};

// What is known of a register, or of a word on the stack.
struct Content {
  Place place;
  bool stored = false;  // not the number itself but what is stored there
};

struct ReturnPath {
  Content return_address;
  // The caller's.
  Content fp;
  Place sp;
};

class FrameState {
 public:
  static FrameState Here();

  // Of an instruction that goes on to the next one.
  void Apply(const Instruction& instruction);

  // nullopt: the stack pointer is lost.
  std::optional<ReturnPath> Return() const;

  const Place& sp() const { return sp_; }
  // Unknown, too, where it is stored.
  Place FpAsPlace() const { return fp_.stored ? Place{} : fp_.place; }

 private:
  struct Word {
    Place at;
    Content content;
  };
  static constexpr size_t kMaxWords = 16;

  // What only this machine has.
  void ApplyOfMachine(const Instruction& instruction);
  void Store(const Place& at, const Content& content);
  Content Load(const Place& at) const;
  static Place Moved(Place place, int64_t bytes);

  Place sp_;
  Content fp_;
  Content link_;  // the link register, where a machine has one
  std::array<Word, kMaxWords> words_{};  // stored on the way
  size_t word_count_ = 0;
};

// Whether a function's prologue has such an instruction, and nothing else.
bool BeginsFrame(const Instruction& instruction);

}  // namespace hubspy

#endif  // HUBSPY_UNWIND_FRAME_STATE_H_
