#include "unwind/code_stepper.h"

namespace hubspy {
namespace {

constexpr size_t kMaxPaths = 64 * 1024;

std::optional<Address> Resolve(const Place& place, const Registers& registers) {
  std::optional<uint64_t> base;
  if (place.base == Place::Base::kRsp) base = registers.Get(Reg::kRsp);
  if (place.base == Place::Base::kRbp) base = registers.Get(Reg::kRbp);
  if (!base) return std::nullopt;
  return Address(*base) + static_cast<uint64_t>(place.offset);
}

// What the kernel put on the stack for a handler and sigreturn takes from
// there: struct rt_sigframe, arch/x86/include/asm/sigframe.h, and struct
// sigcontext_64 in it, in this order.
constexpr uint64_t kContextRegisters = 40;  // from ucontext, where rsp points
constexpr Reg kContextOrder[] = {
    Reg::kR8,  Reg::kR9,  Reg::kR10, Reg::kR11, Reg::kR12, Reg::kR13,
    Reg::kR14, Reg::kR15, Reg::kRdi, Reg::kRsi, Reg::kRbp, Reg::kRbx,
    Reg::kRdx, Reg::kRax, Reg::kRcx, Reg::kRsp, Reg::kRip};

std::optional<CodeStep> StepOverSignal(const Registers& registers,
                                       const MemoryCopy& stack) {
  CodeStep step{.was_signal_frame = true};
  Address at = registers.sp() + kContextRegisters;
  for (const Reg reg : kContextOrder) {
    const auto value = stack.Read<uint64_t>(at);
    if (!value) return std::nullopt;
    step.caller.Set(reg, *value);
    at = at + 8;
  }
  return step;
}

}  // namespace

const std::optional<ReturnPath>& CodeStepper::PathFrom(CodeAddress code) {
  if (edition_ != pages_.edition()) {
    memory_paths_.clear();
    edition_ = pages_.edition();
  }
  Paths& paths = code_.IsInMemoryOnly(code.address()) ? memory_paths_ : paths_;
  const auto known = paths.find(code);
  if (known != paths.end()) return known->second;
  if (paths.size() >= kMaxPaths) paths.clear();
  return paths.emplace(code, FindReturnPath(code_, code)).first->second;
}

std::optional<CodeStep> CodeStepper::StepByCode(CodeAddress code,
                                                const Registers& registers,
                                                const MemoryCopy& stack) {
  const std::optional<ReturnPath>& found = PathFrom(code);
  if (!found) return std::nullopt;
  const ReturnPath path = *found;
  const std::optional<Address> slot = Resolve(path.return_address, registers);
  if (!slot || *slot < registers.sp()) return std::nullopt;
  const auto return_address = stack.Read<uint64_t>(*slot);
  if (!return_address || !code_.MayReturnTo(Address(*return_address))) {
    return std::nullopt;
  }
  CodeStep step;
  step.caller.Set(Reg::kRip, *return_address);
  step.caller.Set(Reg::kRsp, (*slot + 8).value());
  if (const std::optional<Address> rbp = Resolve(path.rbp, registers)) {
    const std::optional<uint64_t> value =
        path.rbp_is_stored ? stack.Read<uint64_t>(*rbp) : rbp->value();
    if (value) step.caller.Set(Reg::kRbp, *value);
  }
  return step;
}

std::optional<CodeStep> CodeStepper::StepByFramePointer(
    const Registers& registers, const MemoryCopy& stack) const {
  const std::optional<uint64_t> rbp = registers.Get(Reg::kRbp);
  if (!rbp) return std::nullopt;
  CodeStep step;
  // The outermost frame is marked by a zero (System V ABI AMD64, 3.4.1).
  if (*rbp == 0) return step;
  const Address at(*rbp);
  if (at < registers.sp() || *rbp % 8 != 0) return std::nullopt;
  const auto saved = stack.Read<uint64_t>(at);
  const auto return_address = stack.Read<uint64_t>(at + 8);
  if (!saved || !return_address) return std::nullopt;
  if (*saved == 0 && *return_address == 0) return step;
  // Code made at run time calls code made at run time, and where its bytes are
  // not ours to see the frame pointers must at least be in order.
  const bool called = code_.MayReturnTo(Address(*return_address));
  const bool unreadable = !code_.IsCode(Address(*return_address)) &&
                          modules_.Find(Address(*return_address)) == nullptr &&
                          modules_.Find(registers.pc()) == nullptr &&
                          Address(*saved) > at &&
                          stack.range().Contains(Address(*saved));
  if (!called && !unreadable) return std::nullopt;
  step.caller.Set(Reg::kRip, *return_address);
  step.caller.Set(Reg::kRsp, (at + 16).value());
  step.caller.Set(Reg::kRbp, *saved);
  return step;
}

std::optional<CodeStep> CodeStepper::Step(CodeAddress code,
                                          const Registers& registers,
                                          const MemoryCopy& stack) {
  if (std::optional<CodeStep> step = StepOnce(code, registers, stack))
    return step;
  // Other code may have been made there since it was read.
  if (!code_.IsInMemoryOnly(registers.pc()) ||
      !pages_.ReadAgain(registers.pc())) {
    return std::nullopt;
  }
  return StepOnce(code, registers, stack);
}

std::optional<CodeStep> CodeStepper::StepOnce(CodeAddress code,
                                              const Registers& registers,
                                              const MemoryCopy& stack) {
  if (code_.IsSignalTrampoline(registers.pc())) {
    return StepOverSignal(registers, stack);
  }
  if (std::optional<CodeStep> step = StepByCode(code, registers, stack))
    return step;
  return StepByFramePointer(registers, stack);
}

}  // namespace hubspy
