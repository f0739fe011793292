#include "unwind/frame_state.h"

namespace hubspy {

using Kind = Instruction::Kind;

FrameState FrameState::Here() {
  FrameState state;
  state.sp_ = {Reg::kSp, 0};
  state.fp_ = {{Reg::kFp, 0}, false};
  state.link_ = {{Reg::kLr, 0}, false};
  return state;
}

void FrameState::ApplyOfMachine(const Instruction& instruction) {
  switch (instruction.kind) {
    case Kind::kStores: {
      sp_ = Moved(sp_, instruction.sp_before);
      const Place first = Moved(sp_, instruction.value);
      if (instruction.fp_word >= 0) {
        Store(Moved(first, 8 * instruction.fp_word), fp_);
      }
      if (instruction.lr_word >= 0) {
        Store(Moved(first, 8 * instruction.lr_word), link_);
      }
      sp_ = Moved(sp_, instruction.sp_after);
      break;
    }
    case Kind::kLoads: {
      sp_ = Moved(sp_, instruction.sp_before);
      const Place first = Moved(sp_, instruction.value);
      if (instruction.fp_word >= 0) {
        fp_ = Load(Moved(first, 8 * instruction.fp_word));
      }
      if (instruction.lr_word >= 0) {
        link_ = Load(Moved(first, 8 * instruction.lr_word));
      }
      sp_ = Moved(sp_, instruction.sp_after);
      break;
    }
    case Kind::kCall:
    case Kind::kSpoilsLr:
      link_ = {};
      break;
    default:
      break;
  }
}

// The return address is in the link register.
std::optional<ReturnPath> FrameState::Return() const {
  if (!sp_.base || !link_.place.base) return std::nullopt;
  return ReturnPath{.return_address = link_, .fp = fp_, .sp = sp_};
}

bool BeginsFrame(const Instruction& instruction) {
  return instruction.kind == Kind::kStores && instruction.lr_word >= 0;
}

}  // namespace hubspy
