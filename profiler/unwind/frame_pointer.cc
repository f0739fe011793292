#include "unwind/frame_pointer.h"

#include <algorithm>
#include <cstdint>

#include "unwind/return_path.h"

namespace hubspy {
namespace {

// A frame larger than this has a prologue that tells its size, or is lost.
constexpr uint64_t kMaxScanBytes = 256 * 1024;
// Those of both machines' linkage tables have no more.
constexpr int kMaxStubInstructions = 4;
constexpr int kSurest = 3;

struct FrameRecord {
  Address saved_fp;
  Address return_address;
};

// What is called there goes on to another function at once: a stub of the
// linker's (the procedure linkage table), or of the program's.
bool JumpsOn(const CodeReader& code, Address at) {
  for (int i = 0; i < kMaxStubInstructions; ++i) {
    const std::optional<Instruction> instruction = code.DecodeAt(at);
    if (!instruction) return false;
    switch (instruction->kind) {
      case Instruction::Kind::kJump:
        return true;
      case Instruction::Kind::kOther:
      case Instruction::Kind::kLoadsAddress:
        break;
      default:
        return false;
    }
    at = at + instruction->size;
  }
  return false;
}

class RecordSearch {
 public:
  // Borrows the first three.
  RecordSearch(const CodeReader& code, const MemoryCopy& stack,
               const Registers& registers, AddressRange function)
      : code_(code),
        stack_(stack),
        registers_(registers),
        function_(function) {}

  std::optional<Address> Find(CodeAddress frame, int64_t record_over_fp) const {
    for (const std::optional<Address> by_code :
         {ByEpilogue(frame), ByPrologue(frame.address(), record_over_fp)}) {
      if (by_code && *by_code >= registers_.sp() && FollowsCall(*by_code)) {
        return by_code;
      }
    }
    return ByScan();
  }

 private:
  std::optional<FrameRecord> ReadRecord(Address at) const {
    const auto saved = stack_.Read<uint64_t>(at);
    const auto stored = stack_.Read<uint64_t>(at + 8);
    if (!saved || !stored) return std::nullopt;
    return FrameRecord{Address(*saved), registers_.WithoutSignature(*stored)};
  }

  bool FollowsCall(Address at) const {
    const std::optional<FrameRecord> record = ReadRecord(at);
    return record && code_.CallBefore(record->return_address).has_value();
  }

  // The saved frame pointer is one itself: it points further up, to a record
  // whose return address follows a call.
  bool ChainGoesOn(Address at, const FrameRecord& record) const {
    const Address next = record.saved_fp;
    return next > at && next.value() % 8 == 0 && FollowsCall(next);
  }

  // How sure it is that `at` is where the function's record lies; 0: it is not.
  int Likelihood(Address at) const {
    const std::optional<FrameRecord> record = ReadRecord(at);
    if (!record) return 0;
    const std::optional<CallSite> call =
        code_.CallBefore(record->return_address);
    if (!call) return 0;
    const bool chained = ChainGoesOn(at, *record);
    // In code that mostly does without frame pointers the saved one may be
    // anything; then the call alone must convince.
    if (call->target == function_.begin) return chained ? kSurest : 2;
    // A call from inside the very function is one that it made earlier, and
    // left behind among its locals.
    if (function_.Contains(record->return_address)) return 0;
    if (!chained) return 0;
    // The record of another function, which was called before and has returned,
    // lies among the locals as it was.
    return call->target && !JumpsOn(code_, *call->target) ? 0 : 1;
  }

  // By the code in front of pc: an epilogue that pops its way back tells where
  // it will find the saved frame pointer.
  std::optional<Address> ByEpilogue(CodeAddress frame) const {
    const std::optional<int64_t> distance =
        FrameRecordOverStackPointer(code_, frame);
    if (!distance) return std::nullopt;
    return registers_.sp() + static_cast<uint64_t>(*distance);
  }

  // By the code behind: how far it has moved sp from there.
  std::optional<Address> ByPrologue(Address pc, int64_t record_over_fp) const {
    const std::optional<int64_t> distance =
        FramePointerOverStackPointer(code_, function_.begin, pc);
    if (!distance) return std::nullopt;
    return registers_.sp() + static_cast<uint64_t>(*distance) +
           static_cast<uint64_t>(record_over_fp);
  }

  std::optional<Address> ByScan() const {
    std::optional<Address> best;
    int best_likelihood = 0;
    const Address begin = registers_.sp();
    const Address end = std::min(stack_.range().end, begin + kMaxScanBytes);
    for (Address at = begin; at < end; at = at + 8) {
      const int likelihood = Likelihood(at);
      if (likelihood <= best_likelihood) continue;
      best = at;
      best_likelihood = likelihood;
      if (likelihood == kSurest) break;
    }
    return best;
  }

  const CodeReader& code_;
  const MemoryCopy& stack_;
  const Registers& registers_;
  AddressRange function_;
};

}  // namespace

std::optional<Address> RecoverFramePointer(
    const CodeReader& code, const MemoryCopy& stack, AddressRange function,
    CodeAddress frame, const Registers& registers, int64_t record_over_fp) {
  const std::optional<Address> record =
      RecordSearch(code, stack, registers, function)
          .Find(frame, record_over_fp);
  if (!record) return std::nullopt;
  return *record - static_cast<uint64_t>(record_over_fp);
}

}  // namespace hubspy
