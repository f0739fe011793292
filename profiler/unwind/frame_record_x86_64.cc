#include <optional>

#include "unwind/cfi_stepper.h"
#include "unwind/frame_record.h"

namespace hubspy {
namespace {

// The call has pushed the return address, at the CFA, and the prologue the
// caller's frame pointer.
constexpr int64_t kRecordBytes = 16;

}  // namespace

// By asking the row how far the CFA is from a frame pointer. Compilers' rows
// all have the same, and let it point to the record; hand-written ones, as
// libffi's, do not.
int64_t RecordOverFramePointer(const Registers& registers,
                               const StackWindow& window, const Fde& fde,
                               uint64_t lookup) {
  const Address sp = registers.sp();
  const auto cfa_if = [&](Address fp) -> std::optional<Address> {
    Registers with_fp = registers;
    with_fp.Set(Reg::kFp, fp.value());
    const CfiStep step = StepByCfi(with_fp, window, fde, lookup);
    if (step.outcome != CfiStep::Outcome::kStepped) return std::nullopt;
    return step.caller.sp();
  };
  const std::optional<Address> low = cfa_if(sp);
  const std::optional<Address> high = cfa_if(sp + 8);
  // Otherwise the CFA is read from the stack, as in main after a realignment.
  const bool by_distance = low && high && *high == *low + 8;
  if (!by_distance) return 0;
  return static_cast<int64_t>(low->value() - sp.value()) - kRecordBytes;
}

}  // namespace hubspy
