// A call stack as addresses: what the unwinder makes of a snapshot.
//
// The surprising part: a stack that ends early is a result, not an error. `end`
// says why it ends where it does, and every output counts the partial ones. Nor
// need neighbours in `frames` have called each other: of a very deep stack only
// both ends are kept, and `left_out` says where the rest was.
#ifndef HUBSPY_MODEL_STACK_H_
#define HUBSPY_MODEL_STACK_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "model/address.h"

namespace hubspy {

enum class StackEnd {
  kComplete,             // reached the thread's (or green thread's) first frame
  kNoUnwindTable,        // code without a row, and no frame pointer to follow
  kUnknownFramePointer,  // the row needs a register that was not captured
  kUnreadableMemory,     // the pc lies in nothing that is mapped
  kCopyTooSmall,         // the stack goes on behind what was copied
  kOtherStack,           // it goes on on another stack, which was not copied
  kTorn,                 // it changed before what was not copied could be read
  kFault,                // stepping it made the unwinder stumble
};

// Every way to be cut short.
inline constexpr StackEnd kPartialEnds[] = {StackEnd::kNoUnwindTable,
                                            StackEnd::kUnknownFramePointer,
                                            StackEnd::kUnreadableMemory,
                                            StackEnd::kCopyTooSmall,
                                            StackEnd::kOtherStack,
                                            StackEnd::kTorn,
                                            StackEnd::kFault};

// Frames that were walked, but not kept.
struct LeftOut {
  size_t after = 0;   // so many frames, from the innermost on, come before them
  int64_t count = 0;  // 0: none were left out
};

// Which program's code addresses are of, as whoever looks numbers them. A
// process is another program after an exec; and once code was loaded where
// other code had been, the same addresses mean something else, too.
using ProgramId = uint32_t;

struct Stack {
  ProgramId program = 0;
  std::vector<CodeAddress> frames;  // innermost first; may be empty
  StackEnd end = StackEnd::kComplete;
  LeftOut left_out;
  // How far the walk came, from the innermost stack pointer upwards: less of a
  // copy would not have been enough.
  uint64_t bytes = 0;

  bool partial() const { return end != StackEnd::kComplete; }
};

// The stack on which `base` continues where `top` ends. Should frames have been
// left out of both, everything between the two places is left out.
Stack Joined(Stack top, const Stack& base);

// "no unwind table" and so on; "complete" for kComplete.
absl::string_view StackEndName(StackEnd end);

}  // namespace hubspy

#endif  // HUBSPY_MODEL_STACK_H_
