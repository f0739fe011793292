#include "unwind/frame_pointer.h"

#include <algorithm>
#include <cstdint>

#include "unwind/return_path.h"

namespace hubspy {
namespace {

// A frame larger than this has a prologue that tells its size, or is lost.
constexpr uint64_t kMaxScanBytes = 256 * 1024;

// The two words below a CFA, to which a frame pointer mostly points.
struct FrameRecord {
  Address saved_rbp;
  Address return_address;
};

std::optional<FrameRecord> ReadRecord(const MemoryCopy& stack, Address at) {
  const auto saved = stack.Read<uint64_t>(at);
  const auto return_address = stack.Read<uint64_t>(at + 8);
  if (!saved || !return_address) return std::nullopt;
  return FrameRecord{Address(*saved), Address(*return_address)};
}

// The saved frame pointer is one itself: it points further up, to a record
// whose return address follows a call.
bool ChainGoesOn(const CodeReader& code, const MemoryCopy& stack, Address at,
                 const FrameRecord& record) {
  const Address next = record.saved_rbp;
  if (next <= at || next.value() % 8 != 0) return false;
  const std::optional<FrameRecord> above = ReadRecord(stack, next);
  return above && code.CallBefore(above->return_address).has_value();
}

// How sure it is that `at` is where the function's record lies; 0: it is not.
int Likelihood(const CodeReader& code, const MemoryCopy& stack,
               AddressRange function, Address at) {
  const std::optional<FrameRecord> record = ReadRecord(stack, at);
  if (!record) return 0;
  const std::optional<CallSite> call = code.CallBefore(record->return_address);
  if (!call) return 0;
  const bool chained = ChainGoesOn(code, stack, at, *record);
  // In code that mostly does without frame pointers the saved rbp may be
  // anything; then the call alone must convince.
  if (call->target == function.begin) return chained ? 3 : 2;
  // A call from inside the very function is one that it made earlier, and left
  // behind among its locals.
  if (function.Contains(record->return_address)) return 0;
  return chained ? 1 : 0;
}

bool FollowsCall(const CodeReader& code, const MemoryCopy& stack, Address at) {
  const std::optional<FrameRecord> record = ReadRecord(stack, at);
  return record && code.CallBefore(record->return_address).has_value();
}

// By the code in front of pc: an epilogue that pops its way back tells where
// it will find the saved frame pointer.
std::optional<Address> ByEpilogue(const CodeReader& code, CodeAddress frame,
                                  Address sp) {
  const std::optional<ReturnPath> path = FindReturnPath(code, frame);
  if (!path || !path->rbp_is_stored || path->rbp.base != Place::Base::kRsp ||
      path->return_address != Place{Place::Base::kRsp, path->rbp.offset + 8}) {
    return std::nullopt;
  }
  return sp + static_cast<uint64_t>(path->rbp.offset);
}

// By the code behind: how far it has moved rsp from rbp.
std::optional<Address> ByPrologue(const CodeReader& code, Address begin,
                                  Address pc, Address sp,
                                  int64_t record_over_rbp) {
  const std::optional<int64_t> distance =
      FramePointerOverStackPointer(code, begin, pc);
  if (!distance) return std::nullopt;
  return sp + static_cast<uint64_t>(*distance) +
         static_cast<uint64_t>(record_over_rbp);
}

std::optional<Address> ByScan(const CodeReader& code, const MemoryCopy& stack,
                              AddressRange function, Address sp) {
  std::optional<Address> best;
  int best_likelihood = 0;
  const Address end = std::min(stack.range().end, sp + kMaxScanBytes);
  for (Address at = sp; at < end; at = at + 8) {
    const int likelihood = Likelihood(code, stack, function, at);
    if (likelihood <= best_likelihood) continue;
    best = at;
    best_likelihood = likelihood;
    if (likelihood == 3) break;
  }
  return best;
}

}  // namespace

std::optional<Address> RecoverFramePointer(const CodeReader& code,
                                           const MemoryCopy& stack,
                                           AddressRange function,
                                           CodeAddress frame, Address sp,
                                           int64_t cfa_over_rbp) {
  const int64_t record_over_rbp = cfa_over_rbp - kUsualCfaOverRbp;
  std::optional<Address> record;
  for (const std::optional<Address> by_code :
       {ByEpilogue(code, frame, sp),
        ByPrologue(code, function.begin, frame.address(), sp,
                   record_over_rbp)}) {
    if (by_code && *by_code >= sp && FollowsCall(code, stack, *by_code)) {
      record = by_code;
      break;
    }
  }
  if (!record) record = ByScan(code, stack, function, sp);
  if (!record) return std::nullopt;
  return *record - static_cast<uint64_t>(record_over_rbp);
}

}  // namespace hubspy
