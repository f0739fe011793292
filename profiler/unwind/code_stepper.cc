#include "unwind/code_stepper.h"

#include "unwind/signal_frame.h"

namespace hubspy {
namespace {

constexpr size_t kMaxPaths = 64 * 1024;

std::optional<uint64_t> Resolve(const Place& place,
                                const Registers& registers) {
  if (!place.base) return std::nullopt;
  const std::optional<uint64_t> base = registers.Get(*place.base);
  if (!base) return std::nullopt;
  return *base + static_cast<uint64_t>(place.offset);
}

std::optional<uint64_t> Resolve(const Content& content,
                                const Registers& registers,
                                const MemoryCopy& stack) {
  const std::optional<uint64_t> number = Resolve(content.place, registers);
  if (!number || !content.stored) return number;
  return stack.Read<uint64_t>(Address(*number));
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
  const std::optional<uint64_t> stored =
      Resolve(path.return_address, registers, stack);
  const std::optional<uint64_t> sp = Resolve(path.sp, registers);
  if (!stored || !sp || Address(*sp) < registers.sp()) return std::nullopt;
  const Address return_address = registers.WithoutSignature(*stored);
  if (!code_.MayReturnTo(return_address)) return std::nullopt;
  CodeStep step{.caller = registers.OfAnotherFrame()};
  step.caller.Set(Reg::kPc, return_address.value());
  step.caller.Set(Reg::kSp, *sp);
  if (const auto fp = Resolve(path.fp, registers, stack)) {
    step.caller.Set(Reg::kFp, *fp);
  }
  return step;
}

std::optional<CodeStep> CodeStepper::StepByFramePointer(
    const Registers& registers, const MemoryCopy& stack) const {
  const std::optional<uint64_t> fp = registers.Get(Reg::kFp);
  if (!fp) return std::nullopt;
  CodeStep step{.caller = registers.OfAnotherFrame()};
  // The outermost frame is marked by a zero (System V ABI AMD64, 3.4.1;
  // AAPCS64, 6.4.6).
  if (*fp == 0) return step;
  const Address at(*fp);
  if (at < registers.sp() || *fp % 8 != 0) return std::nullopt;
  const auto saved = stack.Read<uint64_t>(at);
  const auto stored = stack.Read<uint64_t>(at + 8);
  if (!saved || !stored) return std::nullopt;
  if (*saved == 0 && *stored == 0) return step;
  const Address return_address = registers.WithoutSignature(*stored);
  // Code made at run time calls code made at run time, and where its bytes are
  // not ours to see the frame pointers must at least be in order.
  const bool called = code_.MayReturnTo(return_address);
  const bool unreadable = !code_.IsCode(return_address) &&
                          modules_.Find(return_address) == nullptr &&
                          modules_.Find(registers.pc()) == nullptr &&
                          Address(*saved) > at &&
                          stack.range().Contains(Address(*saved));
  if (!called && !unreadable) return std::nullopt;
  step.caller.Set(Reg::kPc, return_address.value());
  step.caller.Set(Reg::kSp, (at + 16).value());
  step.caller.Set(Reg::kFp, *saved);
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
    const std::optional<Registers> interrupted =
        InterruptedBySignal(registers, stack);
    if (!interrupted) return std::nullopt;
    return CodeStep{.caller = *interrupted, .was_signal_frame = true};
  }
  if (std::optional<CodeStep> step = StepByCode(code, registers, stack))
    return step;
  return StepByFramePointer(registers, stack);
}

}  // namespace hubspy
