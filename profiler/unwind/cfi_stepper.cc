#include "unwind/cfi_stepper.h"

#include <libunwind.h>

#include <array>
#include <cstring>
#include <optional>

#include "absl/types/span.h"
#include "unwind/cfi_machine.h"
#include "unwind/fault_guard.h"
#include "unwind/libunwind_hooks.h"

namespace hubspy {
namespace {

// unw_context_t is opaque, and setting the registers through a cursor would
// look the address up once for each.
static_assert(sizeof(unw_context_t) >= kRegisterCount * sizeof(uint64_t));

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
    // UNW_REG_IP is another name for its DWARF number.
    const int name = reg == Reg::kPc ? int{UNW_REG_IP} : static_cast<int>(reg);
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
    const uint64_t value = kContextOrder[i] == Reg::kPc
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
  const StackWindow::Value cfa = value_of(Reg::kSp);
  if (!cfa.target) {
    result.outcome =
        cfa.made_from ? Outcome::kNeedsRegister : Outcome::kNotCopied;
    return result;
  }
  const StackWindow::Value pc = value_of(Reg::kPc);
  if (!pc.target) {
    result.outcome =
        pc.made_from ? Outcome::kNeedsRegister : Outcome::kNotCopied;
    return result;
  }
  result.caller = registers.OfAnotherFrame();
  result.was_signal_frame = step.was_signal_frame;
  for (const Reg reg : TellingRegisters(step.was_signal_frame)) {
    const StackWindow::Value value = value_of(reg);
    // Zero is also what libunwind gives for a register that the row calls
    // undefined.
    const bool undefined =
        value.target == 0 && !step.was_signal_frame && reg != Reg::kPc;
    if (value.target && !undefined) result.caller.Set(reg, *value.target);
  }
  result.caller.Set(Reg::kPc, registers.WithoutSignature(*pc.target).value());
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
