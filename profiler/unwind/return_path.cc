#include "unwind/return_path.h"

#include <array>

#include "absl/container/flat_hash_set.h"

namespace hubspy {
namespace {

using Kind = Instruction::Kind;

// Go's larger functions need hundreds; what was found is remembered.
constexpr int kMaxInstructions = 1000;
constexpr size_t kMaxBranches = 64;
constexpr int kMaxPrologueInstructions = 32;
// Of a jump table. How long it is, only a comparison before the jump tells, in
// one of many ways; an address this far off is no longer the function's.
constexpr size_t kMaxCases = 16;
constexpr uint64_t kMaxCaseDistance = 64 * 1024;

// A point on a path through the code.
struct State {
  Address pc;
  FrameState frame = FrameState::Here();
  int calls = 0;           // passed
  bool went_back = false;  // to before where the path began
  // The register that was last given an address told by the code.
  uint16_t loaded = 0;
  Address loaded_address;
};

// Follows one path; branches not taken are left in `others` for later.
class Explorer {
 public:
  Explorer(const CodeReader& code, CodeAddress from)
      : code_(code),
        begin_(from.address()),
        calls_back_(from.is_return() ? 0 : 1) {}

  std::optional<ReturnPath> Explore() {
    Remember({.pc = begin_});
    while (count_ > 0) {
      const State from = others_[--count_];
      if (std::optional<ReturnPath> path = Follow(from)) return path;
    }
    return tail_call_;
  }

 private:
  std::optional<ReturnPath> Follow(State state) {
    while (budget_-- > 0) {
      // A loop, or where another path has been: nothing new behind it.
      if (!visited_.insert(state.pc).second) return std::nullopt;
      const std::optional<Instruction> instruction = code_.DecodeAt(state.pc);
      if (!instruction) return std::nullopt;
      switch (instruction->kind) {
        case Kind::kTrap:
          return std::nullopt;
        case Kind::kReturn:
          return state.frame.Return();
        case Kind::kJump:
          if (!instruction->target) {
            // A switch, or a tail call: whom it calls returns to our caller.
            if (!tail_call_) tail_call_ = state.frame.Return();
            if (instruction->from_table) RememberCases(*instruction, state);
            return std::nullopt;
          }
          GoTo(*instruction->target, state);
          continue;
        case Kind::kBranch:
          if (instruction->target) {
            State taken = state;
            GoTo(*instruction->target, taken);
            Remember(taken);
          }
          break;
        case Kind::kCall:
          ++state.calls;
          state.frame.Apply(*instruction);
          break;
        case Kind::kLoadsAddress:
          state.loaded = instruction->base;
          state.loaded_address = *instruction->target;
          break;
        default:
          // The function anew: behind a call that never returns there may lie
          // Go's call for a larger stack, which then jumps to the begin.
          if (BeginsFrame(*instruction) && state.went_back &&
              state.calls > calls_back_) {
            return std::nullopt;
          }
          state.frame.Apply(*instruction);
      }
      state.pc = state.pc + instruction->size;
    }
    return std::nullopt;
  }

  void GoTo(Address target, State& state) const {
    state.pc = target;
    state.went_back = state.went_back || target < begin_;
  }

  // Both what a switch and what a call in its place goes on with, so all that
  // the table names is followed; the first case first: it is in the table.
  void RememberCases(const Instruction& jump, const State& state) {
    const auto offset = static_cast<uint64_t>(jump.value);
    if (jump.base != 0 && jump.base != state.loaded) return;
    const Address table =
        jump.base == 0 ? Address(offset) : state.loaded_address + offset;
    std::array<Address, kMaxCases> cases;
    size_t count = 0;
    while (count < kMaxCases) {
      const std::optional<Address> to = code_.ReadAddress(table + count * 8);
      if (!to || !code_.IsCode(*to)) break;
      const uint64_t distance =
          *to < state.pc ? state.pc - *to : *to - state.pc;
      if (distance > kMaxCaseDistance) break;
      cases[count++] = *to;
    }
    while (count > 0) {
      State taken = state;
      GoTo(cases[--count], taken);
      Remember(taken);
    }
  }

  void Remember(const State& state) {
    if (count_ < kMaxBranches) others_[count_++] = state;
  }

  const CodeReader& code_;
  const Address begin_;
  // Who is about to call for a larger stack, or is back from there, has not
  // begun yet: so many calls may be passed on a way to the begin.
  const int calls_back_;
  int budget_ = kMaxInstructions;
  absl::flat_hash_set<Address> visited_;
  std::array<State, kMaxBranches> others_{};
  size_t count_ = 0;
  std::optional<ReturnPath> tail_call_;  // for want of a real return
};

}  // namespace

std::optional<ReturnPath> FindReturnPath(const CodeReader& code,
                                         CodeAddress frame) {
  return Explorer(code, frame).Explore();
}

std::optional<int64_t> FramePointerOverStackPointer(const CodeReader& code,
                                                    Address begin, Address pc) {
  State state{.pc = begin};
  bool has_frame = false;
  for (int i = 0; i < kMaxPrologueInstructions && state.pc < pc; ++i) {
    const std::optional<Instruction> instruction = code.DecodeAt(state.pc);
    if (!instruction) return std::nullopt;
    const Kind kind = instruction->kind;
    if (kind == Kind::kCall || kind == Kind::kJump || kind == Kind::kBranch ||
        kind == Kind::kReturn || kind == Kind::kTrap) {
      break;
    }
    state.frame.Apply(*instruction);
    has_frame = has_frame || kind == Kind::kFpFromSp;
    state.pc = state.pc + instruction->size;
  }
  const Place fp = state.frame.FpAsPlace();
  const Place sp = state.frame.sp();
  if (!has_frame || fp.base != Reg::kSp || sp.base != Reg::kSp) {
    return std::nullopt;
  }
  return fp.offset - sp.offset;
}

std::optional<int64_t> FrameRecordOverStackPointer(const CodeReader& code,
                                                   CodeAddress frame) {
  const std::optional<ReturnPath> path = FindReturnPath(code, frame);
  if (!path || !path->fp.stored || !path->return_address.stored) {
    return std::nullopt;
  }
  const Place record = path->fp.place;
  if (record.base != Reg::kSp ||
      path->return_address.place != Place{Reg::kSp, record.offset + 8}) {
    return std::nullopt;
  }
  return record.offset;
}

}  // namespace hubspy
