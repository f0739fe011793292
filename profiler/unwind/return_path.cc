#include "unwind/return_path.h"

#include <array>

#include "absl/container/flat_hash_set.h"

namespace hubspy {
namespace {

using Kind = Instruction::Kind;

// Go's larger functions need hundreds; what was found is remembered.
constexpr int kMaxInstructions = 1000;
constexpr size_t kMaxBranches = 64;
constexpr size_t kMaxPushes = 16;
constexpr int kMaxPrologueInstructions = 32;
// Of a jump table. How long it is, only a comparison before the jump tells, in
// one of many ways; an address this far off is no longer the function's.
constexpr size_t kMaxCases = 16;
constexpr uint64_t kMaxCaseDistance = 64 * 1024;

Place Moved(Place place, int64_t bytes) {
  // Unsigned: garbage may overflow.
  place.offset = static_cast<int64_t>(static_cast<uint64_t>(place.offset) +
                                      static_cast<uint64_t>(bytes));
  return place;
}

// What is known of a register, or of a word that was pushed on the way.
struct Content {
  Place place;
  bool stored = false;  // not the number itself but what is stored there
};

struct Pushed {
  Place at;
  Content content;
};

// A point on a path through the code.
struct State {
  Address pc;
  Place rsp{Place::Base::kRsp, 0};
  Content rbp{{Place::Base::kRbp, 0}, false};
  std::array<Pushed, kMaxPushes> pushed{};
  size_t pushed_count = 0;
  int calls = 0;           // passed
  bool went_back = false;  // to before where the path began
  // The register that was last given an address told by the code.
  uint16_t loaded = 0;
  Address loaded_address;

  void Push(const Content& content) {
    rsp = Moved(rsp, -8);
    if (rsp.base == Place::Base::kUnknown) return;
    for (size_t i = 0; i < pushed_count; ++i) {
      if (pushed[i].at == rsp) {
        pushed[i].content = content;
        return;
      }
    }
    if (pushed_count == kMaxPushes) {
      rsp = {};  // lost track
      return;
    }
    pushed[pushed_count++] = {rsp, content};
  }

  Content Pop() {
    const Place at = rsp;
    rsp = Moved(rsp, 8);
    if (at.base == Place::Base::kUnknown) return {};
    for (size_t i = 0; i < pushed_count; ++i) {
      if (pushed[i].at == at) return pushed[i].content;
    }
    return {at, true};
  }

  Place RbpAsPlace() const { return rbp.stored ? Place{} : rbp.place; }
};

// What an instruction that goes on to the next one does.
void Apply(const Instruction& instruction, State& state) {
  switch (instruction.kind) {
    case Kind::kPush:
      state.Push(instruction.of_rbp ? state.rbp : Content{});
      break;
    case Kind::kPop: {
      const Content content = state.Pop();
      if (instruction.of_rbp) state.rbp = content;
      break;
    }
    case Kind::kAddToRsp:
      state.rsp = Moved(state.rsp, instruction.value);
      break;
    case Kind::kRspFromRbp:
      state.rsp = Moved(state.RbpAsPlace(), instruction.value);
      break;
    case Kind::kRbpFromRsp:
      state.rbp = {Moved(state.rsp, instruction.value), false};
      break;
    case Kind::kLeave:
      state.rsp = state.RbpAsPlace();
      state.rbp = state.Pop();
      break;
    case Kind::kSpoilsRsp:
      state.rsp = {};
      break;
    case Kind::kSpoilsRbp:
      state.rbp = {};
      break;
    default:
      break;
  }
}

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
          return Leave(state);
        case Kind::kJump:
          if (!instruction->target) {
            // A switch, or a tail call: whom it calls returns to our caller.
            if (!tail_call_) tail_call_ = Leave(state);
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
          break;
        case Kind::kLoadsAddress:
          state.loaded = instruction->base;
          state.loaded_address = *instruction->target;
          break;
        case Kind::kPush:
          // The function anew: behind a call that never returns there may lie
          // Go's call for a larger stack, which then jumps to the begin.
          if (instruction->of_rbp && state.went_back &&
              state.calls > calls_back_) {
            return std::nullopt;
          }
          Apply(*instruction, state);
          break;
        default:
          Apply(*instruction, state);
      }
      state.pc = state.pc + instruction->size;
    }
    return std::nullopt;
  }

  void GoTo(Address target, State& state) const {
    state.pc = target;
    state.went_back = state.went_back || target < begin_;
  }

  static std::optional<ReturnPath> Leave(const State& state) {
    if (state.rsp.base == Place::Base::kUnknown) return std::nullopt;
    return ReturnPath{.return_address = state.rsp,
                      .rbp = state.rbp.place,
                      .rbp_is_stored = state.rbp.stored};
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
    Apply(*instruction, state);
    has_frame = has_frame || kind == Kind::kRbpFromRsp;
    state.pc = state.pc + instruction->size;
  }
  const Place rbp = state.RbpAsPlace();
  if (!has_frame || rbp.base != Place::Base::kRsp ||
      state.rsp.base != Place::Base::kRsp) {
    return std::nullopt;
  }
  return rbp.offset - state.rsp.offset;
}

}  // namespace hubspy
