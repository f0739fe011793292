#include "model/stack.h"

namespace hubspy {

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
    case StackEnd::kFault:
      return "unwinder fault";
    case StackEnd::kTooDeep:
      return "too deep";
  }
  return "unknown";
}

}  // namespace hubspy
