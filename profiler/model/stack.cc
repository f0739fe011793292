#include "model/stack.h"

#include <utility>

namespace hubspy {

Stack Joined(Stack top, const Stack& base) {
  const size_t top_size = top.frames.size();
  auto from = base.frames.begin();
  if (base.left_out.count > 0) {
    const auto base_after = static_cast<ptrdiff_t>(base.left_out.after);
    if (top.left_out.count > 0) {
      top.left_out.count +=
          static_cast<int64_t>(top_size - top.left_out.after) +
          base.left_out.count + base_after;
      top.frames.resize(top.left_out.after);
      from += base_after;
    } else {
      top.left_out = {.after = top_size + base.left_out.after,
                      .count = base.left_out.count};
    }
  }
  top.frames.insert(top.frames.end(), from, base.frames.end());
  top.end = base.end;
  return top;
}

absl::string_view StackEndName(StackEnd end) {
  switch (end) {
    case StackEnd::kComplete:
      return "complete";
    case StackEnd::kNoUnwindTable:
      return "no unwind table";
    case StackEnd::kUnknownFramePointer:
      return "frame pointer not known";
    case StackEnd::kUnreadableMemory:
      return "code not mapped";
    case StackEnd::kCopyTooSmall:
      return "stack copy too small";
    case StackEnd::kOtherStack:
      return "another stack";
    case StackEnd::kTorn:
      return "torn copy";
    case StackEnd::kFault:
      return "unwinder fault";
  }
  return "unknown";
}

}  // namespace hubspy
