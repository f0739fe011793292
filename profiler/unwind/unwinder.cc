#include "unwind/unwinder.h"

#include <utility>

#include "unwind/both_ends.h"
#include "unwind/frame_pointer.h"
#include "unwind/frame_record.h"

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

Stack Unwinder::Unwind(const Registers& registers, const MemoryCopy& copy,
                       const UnwindOptions& options) {
  BothEnds walked(options.innermost, options.outermost);
  elsewhere_.reset();
  pages_.NextLook();
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
    // The stack grows down. Only a function that has called nothing yet, or
    // nothing any more, may have none of it; a signal may have switched stacks.
    const Address sp = frame.registers.sp();
    const Address caller_sp = step.caller->registers.sp();
    const bool has_called = frame.code.is_return() && walked.count() > 1;
    if (!step.was_signal_frame &&
        (caller_sp < sp || (caller_sp == sp && has_called))) {
      return std::move(walked).Finish(StackEnd::kFault, bytes);
    }
    frame = *std::move(step.caller);
  }
}

std::optional<Address> Unwinder::OtherStackSp() const {
  if (!elsewhere_) return std::nullopt;
  return elsewhere_->registers.sp();
}

Stack Unwinder::Continue(Stack top, const MemoryCopy& other) {
  if (!elsewhere_ || top.frames.empty()) return top;
  const Frame from = *elsewhere_;
  const Stack rest =
      Unwind(from.registers, other, {.top_is_return = from.code.is_return()});
  // The frame that leads there is the last of one and the first of the other.
  top.frames.pop_back();
  return Joined(std::move(top), rest);
}

// Go's runtime works on a stack of the thread's, called from a goroutine's by
// code that keeps the frame pointer and has no unwind table.
std::optional<Unwinder::Frame> Unwinder::ByFramePointerElsewhere(
    const Frame& frame, const MemoryCopy& stack) {
  const std::optional<uint64_t> fp = frame.registers.Get(Reg::kFp);
  if (!fp || *fp % 8 != 0 || stack.range().Contains(Address(*fp))) {
    return std::nullopt;
  }
  Frame there = frame;
  there.registers.Set(Reg::kSp, *fp);
  return there;
}

Unwinder::Step Unwinder::StepFrom(const Frame& frame, const StackWindow& window,
                                  const MemoryCopy& stack) {
  if (!window.Holds(frame.registers.sp())) {
    // What is no return address, nor where the thread is, was interrupted by a
    // signal.
    const bool interrupted =
        !frame.code.is_return() && frame.registers.sp() != stack.begin;
    if (!interrupted) return {.end = StackEnd::kCopyTooSmall};
    elsewhere_ = frame;
    return {.end = StackEnd::kOtherStack};
  }
  const Address lookup = frame.code.lookup();
  const LoadedModule* const module = modules_.Find(lookup);
  if (module == nullptr) {
    return StepWithoutTable(frame, window, stack, StackEnd::kUnreadableMemory);
  }
  if (const Fde* const fde = tables_.Find(*module, lookup)) {
    return StepByTable(frame, window, stack, *module, *fde);
  }
  return StepWithoutTable(frame, window, stack, StackEnd::kNoUnwindTable);
}

// Where the row asks for a register that is not known: by what the stack and
// the code tell of it.
CfiStep Unwinder::StepByFoundRegister(const Frame& frame,
                                      const StackWindow& window,
                                      const MemoryCopy& stack,
                                      const LoadedModule& module,
                                      const Fde& fde) {
  const CfiStep not_found{.outcome = CfiStep::Outcome::kNeedsRegister};
  if (std::optional<CfiStep> step = link_register_.StepOut(
          frame.code, frame.registers, window, stack, module, fde)) {
    return *std::move(step);
  }
  if (frame.registers.Has(Reg::kFp)) return not_found;
  const uint64_t lookup = module.module.ToImage(frame.code.lookup());
  const uint64_t bias = module.module.load_bias;
  const std::optional<Address> fp = RecoverFramePointer(
      code_, stack,
      {Address(fde.function.begin + bias), Address(fde.function.end + bias)},
      frame.code, frame.registers,
      RecordOverFramePointer(frame.registers, window, fde, lookup));
  if (!fp) return not_found;
  Registers with_fp = frame.registers;
  with_fp.Set(Reg::kFp, fp->value());
  return StepByCfi(with_fp, window, fde, lookup);
}

Unwinder::Step Unwinder::StepByTable(const Frame& frame,
                                     const StackWindow& window,
                                     const MemoryCopy& stack,
                                     const LoadedModule& module,
                                     const Fde& fde) {
  using Outcome = CfiStep::Outcome;
  CfiStep step = StepByCfi(frame.registers, window, fde,
                           module.module.ToImage(frame.code.lookup()));
  if (step.outcome == Outcome::kNeedsRegister) {
    step = StepByFoundRegister(frame, window, stack, module, fde);
    if (step.outcome != Outcome::kStepped) {
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
      return StepWithoutTable(frame, window, stack, StackEnd::kFault);
  }
  // Zero: the table calls the return address undefined, or the thread's first
  // function was given none.
  if (!step.caller.pc()) return {.end = StackEnd::kComplete};
  const CodeAddress code = CallerCode(step.caller, step.was_signal_frame);
  return {.caller = Frame{std::move(step.caller), code},
          .was_signal_frame = step.was_signal_frame};
}

Unwinder::Step Unwinder::StepWithoutTable(const Frame& frame,
                                          const StackWindow& window,
                                          const MemoryCopy& stack,
                                          StackEnd otherwise) {
  std::optional<CodeStep> step =
      code_stepper_.Step(frame.code, frame.registers, stack);
  if (!step) {
    step = link_register_.StepOutByCode(frame.code, frame.registers, window,
                                        stack);
  }
  if (!step) {
    if (otherwise == StackEnd::kNoUnwindTable) {
      elsewhere_ = ByFramePointerElsewhere(frame, stack);
    }
    return {.end = otherwise};
  }
  if (!step->caller.pc()) return {.end = StackEnd::kComplete};
  const CodeAddress code = CallerCode(step->caller, step->was_signal_frame);
  return {.caller = Frame{std::move(step->caller), code},
          .was_signal_frame = step->was_signal_frame};
}

}  // namespace hubspy
