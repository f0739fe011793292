#include "unwind/cfi_stepper.h"

#include <libunwind.h>

#include <array>
#include <cstring>
#include <optional>

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

// What a function leaves as it was (System V ABI AMD64, figure 3.4).
constexpr Reg kPreserved[] = {Reg::kRbx, Reg::kRbp, Reg::kR12,
                              Reg::kR13, Reg::kR14, Reg::kR15};

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
  SetSteppedRow({});
  if (unw_step(&cursor) < 0) return;
  for (int reg = 0; reg < Registers::kCount; ++reg) {
    // UNW_REG_IP is another name for the DWARF number 16.
    const int name = reg == static_cast<int>(Reg::kRip) ? int{UNW_REG_IP} : reg;
    unw_word_t value = 0;
    if (unw_get_reg(&cursor, name, &value) != UNW_ESUCCESS) return;
    step.registers[static_cast<size_t>(reg)] = value;
  }
  step.was_signal_frame = unw_is_signal_frame(&cursor) > 0;
  step.done = true;
}

bool Preserved(Reg reg) {
  for (const Reg preserved : kPreserved) {
    if (reg == preserved) return true;
  }
  return false;
}

}  // namespace

CfiStep StepByCfi(const Registers& registers, const StackWindow& window,
                  const ShadowView& view, const Fde& fde, uint64_t lookup) {
  using Outcome = CfiStep::Outcome;
  CfiStep result;
  if (!fde.safe) return result;

  unw_context_t context{};
  for (size_t i = 0; i < kContextOrder.size(); ++i) {
    const uint64_t value = kContextOrder[i] == Reg::kRip
                               ? view.bias() + lookup
                               : window.ToLocal(registers, kContextOrder[i]);
    std::memcpy(reinterpret_cast<std::byte*>(&context) + i * sizeof value,
                &value, sizeof value);
  }
  SetSteppedRow({.module_begin = view.bias() + view.range().begin,
                 .module_end = view.bias() + view.range().end,
                 .function_begin = view.bias() + fde.function.begin,
                 .fde = view.bias() + fde.vaddr});
  LocalStep step;
  const bool survived = RunGuarded([&] { Step(context, step); });
  SetSteppedRow({});
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
  for (int i = 0; i < Registers::kCount; ++i) {
    const Reg reg = static_cast<Reg>(i);
    if (!step.was_signal_frame && reg != Reg::kRsp && reg != Reg::kRip &&
        !Preserved(reg)) {
      continue;
    }
    const StackWindow::Value value = value_of(reg);
    // Zero is what libunwind gives for a register that the row calls undefined.
    const bool undefined = Preserved(reg) && value.target == 0;
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
