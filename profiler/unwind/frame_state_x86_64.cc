#include "unwind/frame_state.h"

namespace hubspy {

using Kind = Instruction::Kind;

FrameState FrameState::Here() {
  FrameState state;
  state.sp_ = {Reg::kSp, 0};
  state.fp_ = {{Reg::kFp, 0}, false};
  return state;
}

void FrameState::ApplyOfMachine(const Instruction& instruction) {
  const auto pop = [this] {
    const Content content = Load(sp_);
    sp_ = Moved(sp_, 8);
    return content;
  };
  switch (instruction.kind) {
    case Kind::kPush:
      sp_ = Moved(sp_, -8);
      Store(sp_, instruction.of_fp ? fp_ : Content{});
      break;
    case Kind::kPop: {
      const Content content = pop();
      if (instruction.of_fp) fp_ = content;
      break;
    }
    case Kind::kLeave:
      sp_ = FpAsPlace();
      fp_ = pop();
      break;
    default:
      break;
  }
}

// The return address is popped.
std::optional<ReturnPath> FrameState::Return() const {
  if (!sp_.base) return std::nullopt;
  return ReturnPath{
      .return_address = {sp_, true}, .fp = fp_, .sp = Moved(sp_, 8)};
}

bool BeginsFrame(const Instruction& instruction) {
  return instruction.kind == Kind::kPush && instruction.of_fp;
}

}  // namespace hubspy
