#include "annotate/annotate.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "annotate/loops.h"
#include "decode/decoder.h"
#include "decode/instruction_text.h"

namespace hubspy {
namespace {

using Kind = Instruction::Kind;

class Annotator {
 public:
  explicit Annotator(absl::Span<const CodePiece> pieces) {
    for (const CodePiece& piece : pieces) AddPiece(piece);
    Connect();
    annotation_.loops = FindLoops(flow_);
    FindSystemCalls();
  }

  Annotation Count(absl::Span<const FunctionSample> samples) {
    for (const FunctionSample& sample : samples) CountSample(sample);
    return std::move(annotation_);
  }

 private:
  void AddPiece(const CodePiece& piece) {
    const absl::Span<const uint8_t> bytes(piece.bytes);
    for (size_t at = 0; at < bytes.size();) {
      const Address address = piece.begin + at;
      std::optional<InstructionText> described =
          Describe(bytes.subspan(at, kMaxInstructionBytes), address);
      Annotation::Instruction instruction{.address = address};
      if (described) {
        instruction.size = described->instruction.size;
        instruction.text = std::move(described->text);
        instruction.role = described->role;
        instruction.is_call = described->instruction.kind == Kind::kCall;
        instruction.target = described->instruction.target;
      } else {
        described.emplace();
        instruction.text =
            absl::StrCat(".byte 0x", absl::Hex(bytes[at], absl::kZeroPad2));
      }
      at += instruction.size;
      annotation_.instructions.push_back(std::move(instruction));
      kinds_.push_back(described->instruction.kind);
      call_numbers_.push_back(
          {described->may_write_call_number, described->call_number});
      flow_.push_back({.piece = pieces_});
    }
    ++pieces_;
  }

  // The instruction that holds the byte at `address`.
  std::optional<uint32_t> IndexOf(Address address) const {
    const auto& instructions = annotation_.instructions;
    const auto behind =
        std::upper_bound(instructions.begin(), instructions.end(), address,
                         [](Address a, const Annotation::Instruction& i) {
                           return a < i.address;
                         });
    if (behind == instructions.begin()) return std::nullopt;
    const auto found = std::prev(behind);
    if (address - found->address >= found->size) return std::nullopt;
    return static_cast<uint32_t>(found - instructions.begin());
  }

  void Connect() {
    for (uint32_t i = 0; i < flow_.size(); ++i) {
      const Kind kind = kinds_[i];
      const bool jumps = kind == Kind::kJump || kind == Kind::kBranch;
      const bool goes_on =
          kind != Kind::kJump && kind != Kind::kReturn && kind != Kind::kTrap;
      if (goes_on && i + 1 < flow_.size() &&
          flow_[i + 1].piece == flow_[i].piece) {
        flow_[i].next = i + 1;
      }
      if (!jumps) continue;
      const std::optional<Address> target = annotation_.instructions[i].target;
      if (target) {
        flow_[i].target = IndexOf(*target).value_or(FlowNode::kNone);
      } else {
        flow_[i].computed_jump = true;
      }
    }
  }

  // A call's number is known when it was put into its register before, and
  // nothing came between: no other write, no call, and no jump to there from
  // elsewhere.
  void FindSystemCalls() {
    absl::flat_hash_set<uint32_t> jumped_to;
    for (const FlowNode& node : flow_) jumped_to.insert(node.target);
    std::optional<uint32_t> number;
    for (uint32_t i = 0; i < flow_.size(); ++i) {
      const bool reached_from_before = i > 0 && flow_[i - 1].next == i;
      if (!reached_from_before || jumped_to.contains(i)) number.reset();
      Annotation::Instruction& instruction = annotation_.instructions[i];
      if (instruction.role == InstructionRole::kSystemCall) {
        instruction.system_call = number;
        number.reset();
      } else if (instruction.is_call || call_numbers_[i].written) {
        number = call_numbers_[i].value;
      }
    }
  }

  std::optional<uint32_t> IndexOfOwn(Address pc) const {
    const std::optional<uint32_t> index = IndexOf(pc);
    const std::optional<uint32_t> before = IndexOf(pc - 1);
    if (before && before != index &&
        annotation_.instructions[*before].role ==
            InstructionRole::kSystemCall) {
      return before;
    }
    return index;
  }

  void CountSample(const FunctionSample& sample) {
    annotation_.total += sample.count;
    if (sample.own) annotation_.own += sample.count;
    std::optional<uint32_t> own;
    if (sample.own) own = IndexOfOwn(*sample.own);
    // A recursive function is in a stack several times, maybe at one place.
    absl::flat_hash_set<uint32_t> places;
    if (own) places.insert(*own);
    for (const Address caller : sample.callers) {
      if (const auto index = IndexOf(caller)) places.insert(*index);
    }
    if (sample.own ? !own : places.empty()) {
      annotation_.left_out += sample.count;
    }
    if (own) annotation_.instructions[*own].own += sample.count;
    for (const uint32_t place : places) {
      annotation_.instructions[place].total += sample.count;
    }
    for (Annotation::Loop& loop : annotation_.loops) {
      const auto in_loop = [&loop](uint32_t index) {
        return loop.first <= index && index <= loop.last;
      };
      if (own && in_loop(*own)) loop.own += sample.count;
      if (std::any_of(places.begin(), places.end(), in_loop)) {
        loop.total += sample.count;
      }
    }
  }

  struct CallNumber {
    bool written = false;
    std::optional<uint32_t> value;
  };

  Annotation annotation_;
  // Of the instruction of the same index:
  std::vector<Kind> kinds_;
  std::vector<CallNumber> call_numbers_;
  std::vector<FlowNode> flow_;
  uint32_t pieces_ = 0;
};

}  // namespace

Annotation AnnotateCode(absl::Span<const CodePiece> pieces,
                        absl::Span<const FunctionSample> samples) {
  return Annotator(pieces).Count(samples);
}

}  // namespace hubspy
