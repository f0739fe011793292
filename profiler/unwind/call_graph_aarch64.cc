#include <algorithm>
#include <array>
#include <cstring>

#include "decode/instruction_word.h"
#include "unwind/call_graph.h"
#include "unwind/frame_state.h"

namespace hubspy {
namespace {

// A landing pad, three or four instructions that find the address, one that
// authenticates it, and the branch.
constexpr int kMaxStubWords = 7;
// One of the program's may lead to one of the linker's, and that to a veneer.
constexpr int kMaxStubs = 4;
constexpr size_t kMaxFunctions = 16;
constexpr uint64_t kMaxFunctionBytes = 1 << 20;
constexpr size_t kMaxCalls = 4096;
constexpr size_t kMaxReached = 4000;  // instructions
constexpr size_t kMaxUnboundPages = 16;
constexpr uint64_t kUnboundPageBytes = 4096;
constexpr size_t kMaxStubsKnown = 64 * 1024;
// A few nanoseconds each; a stub, or to decode one, takes as long as so many.
constexpr int64_t kBudget = 4'000'000;
constexpr int64_t kStubCost = 128;
constexpr int64_t kDecodeCost = 128;

// The registers that a stub may use, x16 and x17 (AAPCS64, 6.1.1), as far as
// its code tells what is in them.
class StubRegisters {
 public:
  std::optional<Address> Get(uint32_t number) const {
    return Has(number) ? values_[number - kFirst] : std::nullopt;
  }
  // Whether it may use that one.
  bool Set(uint32_t number, std::optional<Address> value) {
    if (!Has(number)) return false;
    values_[number - kFirst] = value;
    return true;
  }

 private:
  static constexpr uint32_t kFirst = 16;
  static bool Has(uint32_t number) {
    return number == kFirst || number == kFirst + 1;
  }

  std::array<std::optional<Address>, 2> values_;
};

}  // namespace

std::optional<AddressRange> CallGraph::FunctionAt(Address at) {
  const LoadedModule* const module = modules_.Find(at);
  if (module == nullptr) return std::nullopt;
  const Fde* const fde = tables_.Find(*module, at);
  if (fde == nullptr) return std::nullopt;
  const uint64_t bias = module->module.load_bias;
  return AddressRange{Address(fde->function.begin + bias),
                      Address(fde->function.end + bias)};
}

// A word of the global offset table. Of its own module: what a stub reads
// elsewhere is none of the linker's doing.
std::optional<Address> CallGraph::ReadSlot(const LoadedModule& module,
                                           Address slot) {
  const uint64_t vaddr = module.module.ToImage(slot);
  if (slot.value() % sizeof(uint64_t) != 0 || module.image == nullptr ||
      vaddr < module.image->vaddr_begin() ||
      vaddr >= module.image->vaddr_end()) {
    return std::nullopt;
  }
  std::array<uint8_t, sizeof(uint64_t)> bytes;
  if (pages_.Read(slot, absl::MakeSpan(bytes)) != bytes.size()) {
    return std::nullopt;
  }
  uint64_t value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  // Before its first call a stub leads to the one that binds them.
  if (modules_.Find(Address(value)) == &module &&
      unbound_.size() < kMaxUnboundPages) {
    unbound_.insert(slot - slot.value() % kUnboundPageBytes);
  }
  return Address(value);
}

std::optional<Address> CallGraph::ThroughStub(Address stub) {
  const LoadedModule* const module = modules_.Find(stub);
  if (module == nullptr) return std::nullopt;
  StubRegisters registers;
  for (int i = 0; i < kMaxStubWords; ++i) {
    const Address at = stub + static_cast<uint64_t>(i) * kInstructionWordBytes;
    std::array<uint8_t, kInstructionWordBytes> bytes;
    if (code_.Read(at, absl::MakeSpan(bytes)) != bytes.size()) {
      return std::nullopt;
    }
    uint32_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    if (IsHint(word)) continue;
    if (const auto branch = BranchOf(word, at)) {
      if (branch->kind != WordBranch::Kind::kJump) return std::nullopt;
      if (branch->target) return branch->target;
      return registers.Get(branch->through);
    }
    if (const auto adrp = AdrpOf(word, at)) {
      if (!registers.Set(adrp->to, adrp->page)) return std::nullopt;
      continue;
    }
    const auto add = AddOf(word);
    const auto load = add ? std::nullopt : LoadOf(word);
    if (!add && !load) return std::nullopt;
    const WordOffset& sum = add ? *add : *load;
    const std::optional<Address> known = registers.Get(sum.from);
    if (!known) return std::nullopt;
    const Address address = *known + sum.offset;
    if (!registers.Set(sum.to, add ? address : ReadSlot(*module, address))) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

Address CallGraph::BehindStubs(Address target) {
  const auto known = behind_stubs_.find(target);
  if (known != behind_stubs_.end()) return known->second;
  Address behind = target;
  for (int i = 0; i < kMaxStubs; ++i) {
    budget_ -= kStubCost;
    if (exhausted()) return behind;
    const std::optional<Address> next = ThroughStub(behind);
    if (!next) break;
    behind = *next;
  }
  behind_stubs_.emplace(target, behind);
  return behind;
}

// Calls `visit` with each in `function`, as long as it says so; whether that
// was all.
template <typename Visit>
bool CallGraph::ForEachBranch(AddressRange function, const Visit& visit) {
  if (function.size() > kMaxFunctionBytes) return false;
  std::array<uint8_t, 4096> bytes;
  for (Address from = function.begin; from < function.end && !exhausted();) {
    const auto block = absl::MakeSpan(bytes).first(
        std::min<uint64_t>(bytes.size(), function.end - from));
    const size_t words = code_.Read(from, block) / kInstructionWordBytes;
    budget_ -= static_cast<int64_t>(words) + 1;
    for (size_t i = 0; i < words; ++i) {
      uint32_t word;
      std::memcpy(&word, bytes.data() + i * kInstructionWordBytes, sizeof word);
      const Address at = from + i * kInstructionWordBytes;
      if (const auto branch = BranchOf(word, at)) {
        if (!visit(*branch, at)) return false;
      }
    }
    if (words * kInstructionWordBytes < block.size()) return false;
    from = from + block.size();
  }
  return !exhausted();
}

// Functions as the unwind table has them: compilers put parts of a function
// elsewhere, with records of their own, and jump there.
CallGraph::Calls CallGraph::ByTable(AddressRange first) {
  Calls found;
  std::vector<AddressRange> functions = {first};
  const auto add_function_at = [&](Address at) {
    if (std::any_of(
            functions.begin(), functions.end(),
            [&](const AddressRange& known) { return known.Contains(at); })) {
      return;
    }
    const std::optional<AddressRange> function = FunctionAt(at);
    if (!function || functions.size() >= kMaxFunctions) {
      found.open = true;
      return;
    }
    functions.push_back(*function);
  };
  for (size_t i = 0; i < functions.size(); ++i) {
    const AddressRange function = functions[i];
    const auto visit = [&](const WordBranch& branch, Address at) {
      if (branch.kind == WordBranch::Kind::kCall) {
        found.calls.push_back(
            {branch.target, at + kInstructionWordBytes, function.begin});
      } else if (!branch.target) {
        found.open = true;
      } else if (!function.Contains(*branch.target)) {
        add_function_at(BehindStubs(*branch.target));
      }
      return found.calls.size() < kMaxCalls;
    };
    if (!ForEachBranch(function, visit)) found.open = true;
  }
  return found;
}

// Where a call never returns, what lies behind it is reached, too: it may be
// the next function, which begins a frame where there is one.
CallGraph::Calls CallGraph::ByReach(Address entry) {
  using InstructionKind = Instruction::Kind;
  struct Point {
    Address at;
    bool has_frame = false;
  };
  Calls found;
  absl::flat_hash_set<Address> reached;
  std::vector<Point> others = {{entry}};
  while (!others.empty()) {
    Point point = others.back();
    others.pop_back();
    while (reached.insert(point.at).second) {
      budget_ -= kDecodeCost;
      if (exhausted() || reached.size() > kMaxReached) {
        found.open = true;
        return found;
      }
      const std::optional<Instruction> instruction = code_.DecodeAt(point.at);
      if (!instruction) break;
      const Address next = point.at + instruction->size;
      const InstructionKind kind = instruction->kind;
      if (kind == InstructionKind::kReturn || kind == InstructionKind::kTrap) {
        break;
      }
      if (kind == InstructionKind::kJump) {
        if (!instruction->target) {
          found.open = true;
          break;
        }
        point.at = BehindStubs(*instruction->target);
        continue;
      }
      if (kind == InstructionKind::kBranch && instruction->target) {
        others.push_back({*instruction->target, point.has_frame});
      } else if (kind == InstructionKind::kCall) {
        found.calls.push_back({instruction->target, next, entry});
      } else if (BeginsFrame(*instruction)) {
        if (point.has_frame) break;
        point.has_frame = true;
      } else if (kind == InstructionKind::kLoads && instruction->lr_word >= 0) {
        point.has_frame = false;
      }
      point.at = next;
    }
  }
  return found;
}

CallGraph::Calls CallGraph::Below(Address target) {
  const Address entry = BehindStubs(target);
  const std::optional<AddressRange> function = FunctionAt(entry);
  return function ? ByTable(*function) : ByReach(entry);
}

void CallGraph::NextSearch() {
  if (edition_ != pages_.edition() || behind_stubs_.size() >= kMaxStubsKnown) {
    behind_stubs_.clear();
    unbound_.clear();
    edition_ = pages_.edition();
  }
  budget_ = kBudget;
}

bool CallGraph::ReadAgain() {
  const uint64_t before = pages_.edition();
  for (const Address page : unbound_) pages_.ReadAgain(page);
  return pages_.edition() != before;
}

}  // namespace hubspy
