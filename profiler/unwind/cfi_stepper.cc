#include "unwind/cfi_stepper.h"

#include <libunwind.h>

#include <array>
#include <cstring>
#include <optional>

#include "absl/types/span.h"
#include "unwind/fault_guard.h"
#include "unwind/libunwind_hooks.h"

namespace hubspy {
namespace {

// LLVM libunwind 19's Registers_x86_64 begins with these, eight bytes each;
// unw_context_t is opaque, and setting them through a cursor would look the
// address up once for each.
constexpr std::array<Reg, Registers::kCount> kContextOrder = {
    Reg::kRax, Reg::kRbx, Reg::kRcx, Reg::kRdx, Reg::kRdi, Reg::kRsi,
    Reg::kRbp, Reg::kRsp, Reg::kR8,  Reg::kR9,  Reg::kR10, Reg::kR11,
    Reg::kR12, Reg::kR13, Reg::kR14, Reg::kR15, Reg::kRip};
static_assert(sizeof(unw_context_t) >= Registers::kCount * sizeof(uint64_t));

// What a function leaves as it was (System V ABI AMD64, figure 3.4), and the
// two that always have a value.
constexpr Reg kTelling[] = {Reg::kRsp, Reg::kRip, Reg::kRbx, Reg::kRbp,
                            Reg::kR12, Reg::kR13, Reg::kR14, Reg::kR15};

// Which registers say something about the caller. A signal keeps them all.
absl::Span<const Reg> TellingRegisters(bool was_signal_frame) {
  if (was_signal_frame) return kContextOrder;
  return kTelling;
}

struct LocalStep {
  std::array<uint64_t, Registers::kCount> registers{};  // by DWARF number
  bool was_signal_frame = false;
  bool done = false;
};

// Guarded: owns nothing. Everything is in our own addresses.
void Step(unw_context_t& context, LocalStep& step) {
  unw_cursor_t cursor;
  if (unw_init_local(&cursor, &context) != UNW_ESUCCESS) return;
  // A step ends by looking up the caller's row; that is not for it to find.
  SetSteppedFunction({});
  if (unw_step(&cursor) < 0) return;
  step.was_signal_frame = unw_is_signal_frame(&cursor) > 0;
  for (const Reg reg : TellingRegisters(step.was_signal_frame)) {
    // UNW_REG_IP is another name for the DWARF number 16.
    const int name = reg == Reg::kRip ? int{UNW_REG_IP} : static_cast<int>(reg);
    unw_word_t value = 0;
    if (unw_get_reg(&cursor, name, &value) != UNW_ESUCCESS) return;
    step.registers[static_cast<size_t>(reg)] = value;
  }
  step.done = true;
}

}  // namespace

CfiStep StepByCfi(const Registers& registers, const StackWindow& window,
                  const Fde& fde, uint64_t lookup) {
  using Outcome = CfiStep::Outcome;
  CfiStep result;
  if (fde.record.empty()) return result;

  // libunwind takes every pc for a return address and applies the row before
  // it. So it is told the byte behind the one that is meant, which after a
  // function's last instruction lies behind the function.
  const uint64_t behind = lookup + 1;
  unw_context_t context{};
  for (size_t i = 0; i < kContextOrder.size(); ++i) {
    const uint64_t value = kContextOrder[i] == Reg::kRip
                               ? behind
                               : window.ToLocal(registers, kContextOrder[i]);
    std::memcpy(reinterpret_cast<std::byte*>(&context) + i * sizeof value,
                &value, sizeof value);
  }
  SetSteppedFunction({.begin = fde.function.begin,
                      .end = fde.function.end + 1,
                      .fde = fde.record.data() + fde.fde_offset});
  LocalStep step;
  const bool survived = RunGuarded([&] { Step(context, step); });
  SetSteppedFunction({});
  if (!survived || !step.done) return result;

  const auto value_of = [&](Reg reg) {
    return window.ToTarget(registers, step.registers[static_cast<size_t>(reg)]);
  };
  const StackWindow::Value cfa = value_of(Reg::kRsp);
  if (!cfa.target) {
    result.outcome =
        cfa.made_from ? Outcome::kNeedsRegister : Outcome::kNotCopied;
    return result;
  }
  const StackWindow::Value pc = value_of(Reg::kRip);
  if (!pc.target) {
    result.outcome = Outcome::kNotCopied;
    return result;
  }
  result.was_signal_frame = step.was_signal_frame;
  for (const Reg reg : TellingRegisters(step.was_signal_frame)) {
    const StackWindow::Value value = value_of(reg);
    // Zero is also what libunwind gives for a register that the row calls
    // undefined.
    const bool undefined =
        value.target == 0 && !step.was_signal_frame && reg != Reg::kRip;
    if (value.target && !undefined) result.caller.Set(reg, *value.target);
  }
  const Address sp = result.caller.sp();
  if (!result.was_signal_frame && !window.Holds(sp)) {
    result.outcome =
        sp > window.copied().end ? Outcome::kNotCopied : Outcome::kFault;
    return result;
  }
  result.outcome = Outcome::kStepped;
  return result;
}

}  // namespace hubspy
