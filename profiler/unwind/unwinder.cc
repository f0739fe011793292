#include "unwind/unwinder.h"

#include <utility>

#include "unwind/both_ends.h"
#include "unwind/cfi_stepper.h"
#include "unwind/frame_pointer.h"

namespace hubspy {
namespace {

// Each frame takes a word of the stack at least, but for a few: the innermost,
// and those that a signal interrupted. A walk of more steps goes in circles.
constexpr size_t kMoreSteps = 1024;

CodeAddress CallerCode(const Registers& caller, bool callee_was_signal_frame) {
  // A signal interrupts before an instruction; a call returns behind one.
  return callee_was_signal_frame ? CodeAddress::Exact(caller.pc())
                                 : CodeAddress::Return(caller.pc());
}

}  // namespace

Unwinder::Tables& Unwinder::TablesOf(
    const std::shared_ptr<const Image>& image) {
  std::unique_ptr<Tables>& tables = tables_[image.get()];
  if (tables == nullptr) tables = std::make_unique<Tables>(image);
  return *tables;
}

Stack Unwinder::Unwind(const Registers& registers, const MemoryCopy& copy,
                       const UnwindOptions& options) {
  BothEnds walked(options.innermost, options.outermost);
  const StackWindow window(copy);
  const Address innermost_sp = registers.sp();
  const size_t most_steps = copy.bytes.size() / sizeof(uint64_t) + kMoreSteps;
  Frame frame{registers, options.top_is_return
                             ? CodeAddress::Return(registers.pc())
                             : CodeAddress::Exact(registers.pc())};
  for (;;) {
    walked.Add(frame.code);
    // Zero where a signal left another stack, lower down.
    const uint64_t bytes = frame.registers.sp() < innermost_sp
                               ? 0
                               : frame.registers.sp() - innermost_sp;
    if (walked.count() > most_steps) {
      return std::move(walked).Finish(StackEnd::kFault, bytes);
    }
    Step step = StepFrom(frame, window, copy);
    if (!step.caller) return std::move(walked).Finish(step.end, bytes);
    // The stack grows down. Only the innermost function may have popped its
    // return address already; a signal may have switched stacks.
    const Address sp = frame.registers.sp();
    const Address caller_sp = step.caller->registers.sp();
    const bool innermost = walked.count() == 1;
    if (!step.was_signal_frame &&
        (caller_sp < sp || (caller_sp == sp && !innermost))) {
      return std::move(walked).Finish(StackEnd::kFault, bytes);
    }
    frame = *std::move(step.caller);
  }
}

Unwinder::Step Unwinder::StepFrom(const Frame& frame, const StackWindow& window,
                                  const MemoryCopy& stack) {
  if (!window.Holds(frame.registers.sp())) {
    return {.end = StackEnd::kCopyTooSmall};
  }
  const Address lookup = frame.code.lookup();
  const LoadedModule* const module = modules_.Find(lookup);
  if (module == nullptr) {
    return StepWithoutTable(frame, stack, StackEnd::kUnreadableMemory);
  }
  if (module->image != nullptr) {
    Tables& tables = TablesOf(module->image);
    if (const Fde* const fde =
            tables.fdes.Find(module->module.ToImage(lookup))) {
      return StepByTable(frame, window, stack, *module, *fde);
    }
  }
  return StepWithoutTable(frame, stack, StackEnd::kNoUnwindTable);
}

Unwinder::Step Unwinder::StepByTable(const Frame& frame,
                                     const StackWindow& window,
                                     const MemoryCopy& stack,
                                     const LoadedModule& module,
                                     const Fde& fde) {
  using Outcome = CfiStep::Outcome;
  const uint64_t lookup = module.module.ToImage(frame.code.lookup());
  CfiStep step = StepByCfi(frame.registers, window, fde, lookup);
  if (step.outcome == Outcome::kNeedsRegister) {
    const uint64_t bias = module.module.load_bias;
    const std::optional<Address> rbp =
        frame.registers.Has(Reg::kRbp)
            ? std::nullopt
            : RecoverFramePointer(code_, stack,
                                  {Address(fde.function.begin + bias),
                                   Address(fde.function.end + bias)},
                                  frame.code.address(), frame.registers.sp());
    if (rbp) {
      Registers with_rbp = frame.registers;
      with_rbp.Set(Reg::kRbp, rbp->value());
      step = StepByCfi(with_rbp, window, fde, lookup);
    }
    if (!rbp || step.outcome != Outcome::kStepped) {
      return {.end = StackEnd::kUnknownFramePointer};
    }
  }
  switch (step.outcome) {
    case Outcome::kStepped:
      break;
    case Outcome::kNotCopied:
      return {.end = StackEnd::kCopyTooSmall};
    case Outcome::kNeedsRegister:
    case Outcome::kFault:
      return StepWithoutTable(frame, stack, StackEnd::kFault);
  }
  // Zero: the table calls the return address undefined, or the thread's first
  // function was given none.
  if (!step.caller.pc()) return {.end = StackEnd::kComplete};
  const CodeAddress code = CallerCode(step.caller, step.was_signal_frame);
  return {.caller = Frame{std::move(step.caller), code},
          .was_signal_frame = step.was_signal_frame};
}

Unwinder::Step Unwinder::StepWithoutTable(const Frame& frame,
                                          const MemoryCopy& stack,
                                          StackEnd otherwise) {
  std::optional<CodeStep> step = code_stepper_.Step(frame.registers, stack);
  if (!step) return {.end = otherwise};
  if (!step->caller.pc()) return {.end = StackEnd::kComplete};
  const CodeAddress code = CallerCode(step->caller, step->was_signal_frame);
  return {.caller = Frame{std::move(step->caller), code},
          .was_signal_frame = step->was_signal_frame};
}

}  // namespace hubspy
