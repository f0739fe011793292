// A call stack as addresses: what the unwinder makes of a snapshot.
//
// The surprising part: a stack that ends early is a result, not an error. `end`
// says why it ends where it does, and every output counts the partial ones.
#ifndef HUBSPY_MODEL_STACK_H_
#define HUBSPY_MODEL_STACK_H_

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
  kFault,                // stepping it made the unwinder stumble
  kTooDeep,              // more frames than we keep
};

struct Stack {
  std::vector<CodeAddress> frames;  // innermost first; may be empty
  StackEnd end = StackEnd::kComplete;

  bool partial() const { return end != StackEnd::kComplete; }
};

// "no unwind table" and so on; "complete" for kComplete.
absl::string_view StackEndName(StackEnd end);

}  // namespace hubspy

#endif  // HUBSPY_MODEL_STACK_H_
