#include <algorithm>
#include <array>
#include <cstring>

#include "unwind/call_graph.h"
#include "unwind/frame_state.h"

namespace hubspy {
namespace {

constexpr uint64_t kWordBytes = 4;
constexpr uint64_t kPageMask = 4095;
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

// Arm ARM C4.1.93 (branches) and C6.2 (the others).
struct Branch {
  enum class Kind { kCall, kJump, kComputedCall, kComputedJump };
  Kind kind;
  std::optional<Address> target;
};

// `bits` bits of `code` from `low` on, as a signed number of `unit` bytes.
uint64_t Distance(uint32_t code, int low, int bits, int64_t unit) {
  const auto at_top = static_cast<int32_t>(code << (32 - low - bits));
  return static_cast<uint64_t>((at_top >> (32 - bits)) * unit);
}

// Read by hand: a function has thousands of instructions, and the decoder takes
// a microsecond for each.
std::optional<Branch> BranchAt(uint32_t code, Address at) {
  using BranchKind = Branch::Kind;
  if ((code & 0x7c00'0000) == 0x1400'0000) {  // b, bl
    return Branch{
        (code & 0x8000'0000) != 0 ? BranchKind::kCall : BranchKind::kJump,
        at + Distance(code, 0, 26, 4)};
  }
  if ((code & 0xff00'0000) == 0x5400'0000 ||  // b.cond
      (code & 0x7e00'0000) == 0x3400'0000) {  // cbz, cbnz
    return Branch{BranchKind::kJump, at + Distance(code, 5, 19, 4)};
  }
  if ((code & 0x7e00'0000) == 0x3600'0000) {  // tbz, tbnz
    return Branch{BranchKind::kJump, at + Distance(code, 5, 14, 4)};
  }
  if ((code & 0xfeff'f000) == 0xd61f'0000) {  // br, braa, ...
    return Branch{BranchKind::kComputedJump, {}};
  }
  if ((code & 0xfeff'f000) == 0xd63f'0000) {  // blr, blraa, ...
    return Branch{BranchKind::kComputedCall, {}};
  }
  return std::nullopt;
}

// The registers that a stub may use, x16 and x17 (AAPCS64, 6.1.1), as far as
// its code tells what is in them.
class StubRegisters {
 public:
  static bool Has(uint32_t number) { return number == 16 || number == 17; }
  std::optional<Address>& operator[](uint32_t number) {
    return values_[number - 16];
  }

 private:
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
    const Address at = stub + static_cast<uint64_t>(i) * kWordBytes;
    std::array<uint8_t, kWordBytes> bytes;
    if (code_.Read(at, absl::MakeSpan(bytes)) != bytes.size()) {
      return std::nullopt;
    }
    uint32_t code = 0;
    std::memcpy(&code, bytes.data(), sizeof code);
    const uint32_t to = code & 31;
    const uint32_t from = code >> 5 & 31;
    const uint64_t number = code >> 10 & 0xfff;
    if ((code & 0xffff'f01f) == 0xd503'201f) continue;  // nop, bti, autia1716
    if ((code & 0xfc00'0000) == 0x1400'0000) {          // b
      return at + Distance(code, 0, 26, 4);
    }
    if ((code & 0x9f00'0000) == 0x9000'0000 &&
        StubRegisters::Has(to)) {  // adrp
      const uint64_t pages = Distance(code, 5, 19, 4) | (code >> 29 & 3);
      registers[to] = at - (at.value() & kPageMask) + pages * 4096;
      continue;
    }
    if (!StubRegisters::Has(from) || !registers[from]) return std::nullopt;
    const Address known = *registers[from];
    if ((code & 0xffff'fc1f) == 0xd61f'0000) return known;  // br
    if (!StubRegisters::Has(to)) return std::nullopt;
    if ((code & 0xffc0'0000) == 0x9100'0000) {  // add
      registers[to] = known + number;
    } else if ((code & 0xffc0'0000) == 0xf940'0000) {  // ldr
      registers[to] = ReadSlot(*module, known + number * sizeof(uint64_t));
    } else {
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
    const size_t words = code_.Read(from, block) / kWordBytes;
    budget_ -= static_cast<int64_t>(words) + 1;
    for (size_t i = 0; i < words; ++i) {
      uint32_t code;
      std::memcpy(&code, bytes.data() + i * kWordBytes, sizeof code);
      const Address at = from + i * kWordBytes;
      if (const std::optional<Branch> branch = BranchAt(code, at)) {
        if (!visit(*branch, at)) return false;
      }
    }
    if (words * kWordBytes < block.size()) return false;
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
    const auto visit = [&](const Branch& branch, Address at) {
      switch (branch.kind) {
        case Branch::Kind::kCall:
        case Branch::Kind::kComputedCall:
          found.calls.push_back(
              {branch.target, at + kWordBytes, function.begin});
          break;
        case Branch::Kind::kJump:
          if (!function.Contains(*branch.target)) {
            add_function_at(BehindStubs(*branch.target));
          }
          break;
        case Branch::Kind::kComputedJump:
          found.open = true;
          break;
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
