#include <algorithm>

#include "unwind/link_register.h"
#include "unwind/return_path.h"

namespace hubspy {
namespace {

// As far as a frame pointer is looked for (frame_pointer.cc).
constexpr uint64_t kMaxFrameBytes = 256 * 1024;
// Half a microsecond each; only a stack made for it has so many to try.
constexpr int kMaxTries = 2000;
constexpr size_t kMaxSitesKnown = 64 * 1024;
// Hand-written functions without a frame are this short up to where they sleep.
constexpr uint64_t kMaxLeafBytes = 256;

}  // namespace

std::optional<CfiStep> LinkRegister::StepOut(
    CodeAddress frame, const Registers& registers, const StackWindow& window,
    const MemoryCopy& stack, const LoadedModule& module, const Fde& fde) {
  using Outcome = CfiStep::Outcome;
  // A caller's was overwritten by its own call.
  if (frame.is_return() || registers.Has(Reg::kLr)) return std::nullopt;
  Registers with_any = registers;
  const Address any = registers.pc();
  with_any.Set(Reg::kLr, any.value());
  CfiStep out =
      StepByCfi(with_any, window, fde, module.module.ToImage(frame.lookup()));
  if (out.outcome != Outcome::kStepped || out.caller.pc() != any) {
    return std::nullopt;
  }
  const Address function(fde.function.begin + module.module.load_bias);
  std::optional<Fit> fit =
      Find({frame.address(), function, out.caller, window, stack});
  if (!fit) return CfiStep{.outcome = Outcome::kNeedsRegister};
  out.caller = std::move(fit->registers);
  return out;
}

std::optional<CodeStep> LinkRegister::StepOutByCode(CodeAddress frame,
                                                    const Registers& registers,
                                                    const StackWindow& window,
                                                    const MemoryCopy& stack) {
  if (frame.is_return() || registers.Has(Reg::kLr)) return std::nullopt;
  const std::optional<ReturnPath> path = FindReturnPath(code_, frame);
  const Content link{{Reg::kLr, 0}, false};
  if (!path || path->return_address.stored ||
      path->return_address.place != link.place || path->sp.base != Reg::kSp ||
      path->sp.offset < 0) {
    return std::nullopt;
  }
  Registers caller = registers.OfAnotherFrame();
  caller.Set(Reg::kSp,
             registers.sp().value() + static_cast<uint64_t>(path->sp.offset));
  std::optional<Fit> fit =
      Find({frame.address(), std::nullopt, caller, window, stack});
  if (!fit) return std::nullopt;
  return CodeStep{.caller = std::move(fit->registers)};
}

std::optional<LinkRegister::Fit> LinkRegister::Find(const Leaf& leaf) {
  std::optional<Fit> fit = Search(leaf);
  // Stubs may have been bound since.
  if (!fit && graph_.ReadAgain()) fit = Search(leaf);
  return fit;
}

std::optional<LinkRegister::Fit> LinkRegister::Search(const Leaf& leaf) {
  graph_.NextSearch();
  if (edition_ != pages_.edition() || sites_.size() >= kMaxSitesKnown) {
    sites_.clear();
    leads_.clear();
    records_.clear();
    edition_ = pages_.edition();
  }
  std::optional<Fit> found;
  int tries = kMaxTries;
  const Address begin = leaf.caller.sp();
  const Address end = std::min(leaf.stack.range().end, begin + kMaxFrameBytes);
  for (Address at = begin; at < end; at = at + 8) {
    const auto stored = leaf.stack.Read<uint64_t>(at);
    if (!stored) break;
    const Address return_address = leaf.caller.WithoutSignature(*stored);
    if (modules_.Find(return_address) == nullptr) continue;
    for (const Site site : SitesBelow(leaf, return_address)) {
      if (tries-- == 0) return std::nullopt;
      std::optional<Fit> fit = FitAt(leaf, site, return_address);
      if (!fit) continue;
      // What an earlier call has left among the locals may look like a frame,
      // too, and nothing tells which of them it is.
      if (found && (found->site.function != fit->site.function ||
                    found->caller.pc() != fit->caller.pc() ||
                    found->caller.sp() != fit->caller.sp())) {
        return std::nullopt;
      }
      if (!found) found = std::move(fit);
    }
    if (graph_.exhausted()) return std::nullopt;
  }
  return found;
}

// Where the leaf may return to in what was called from before `return_address`.
std::vector<LinkRegister::Site> LinkRegister::SitesBelow(
    const Leaf& leaf, Address return_address) {
  const Pair key(leaf.pc, return_address);
  const auto known = sites_.find(key);
  if (known != sites_.end()) return known->second;
  std::vector<Site> sites;
  const std::optional<CallSite> call = code_.CallBefore(return_address);
  if (call && call->target) {
    for (const CallGraph::Call& below : graph_.Below(*call->target).calls) {
      if (below.target && IsCallOf(leaf, *below.target)) {
        sites.push_back({below.return_address, below.function});
      }
    }
  }
  if (!graph_.exhausted()) sites_.emplace(key, sites);
  return sites;
}

// Whether a call of `target` arrives in the leaf. Without a table its begin is
// any from where nothing but the leaf's own code leads to pc.
bool LinkRegister::IsCallOf(const Leaf& leaf, Address target) {
  const Address callee = graph_.BehindStubs(target);
  if (leaf.function) return callee == *leaf.function;
  if (callee > leaf.pc || leaf.pc - callee > kMaxLeafBytes) return false;
  Address at = callee;
  while (at < leaf.pc) {
    using InstructionKind = Instruction::Kind;
    const std::optional<Instruction> instruction = code_.DecodeAt(at);
    if (!instruction || instruction->kind == InstructionKind::kCall ||
        instruction->kind == InstructionKind::kReturn ||
        instruction->kind == InstructionKind::kJump ||
        instruction->kind == InstructionKind::kTrap) {
      return false;
    }
    at = at + instruction->size;
  }
  return at == leaf.pc;
}

std::optional<Registers> LinkRegister::CallerOf(const Leaf& leaf,
                                                const Registers& registers) {
  const CodeAddress code = CodeAddress::Return(registers.pc());
  const LoadedModule* const module = modules_.Find(code.lookup());
  if (module == nullptr) return std::nullopt;
  if (const Fde* const fde = tables_.Find(*module, code.lookup())) {
    CfiStep step = StepByCfi(registers, leaf.window, *fde,
                             module->module.ToImage(code.lookup()));
    if (step.outcome != CfiStep::Outcome::kStepped || step.was_signal_frame) {
      return std::nullopt;
    }
    return std::move(step.caller);
  }
  std::optional<CodeStep> step =
      code_stepper_.Step(code, registers, leaf.stack);
  if (!step || step->was_signal_frame) return std::nullopt;
  return std::move(step->caller);
}

// The frame that is to be returned to at `site`, if it has `return_address`
// where its row or its code says, at some distance from sp.
std::optional<LinkRegister::Fit> LinkRegister::FitAt(const Leaf& leaf,
                                                     Site site,
                                                     Address return_address) {
  Fit fit{.site = site, .registers = leaf.caller};
  fit.registers.Set(Reg::kPc, site.pc.value());
  std::optional<Registers> caller = CallerOf(leaf, fit.registers);
  if (!caller) {
    const std::optional<int64_t> record = RecordOverStackPointer(site);
    if (!record) return std::nullopt;
    const Address fp = leaf.caller.sp() + static_cast<uint64_t>(*record);
    fit.registers.Set(Reg::kFp, fp.value());
    caller = CallerOf(leaf, fit.registers);
  }
  if (!caller || caller->pc() != return_address ||
      !CouldHaveCalled(leaf, *caller)) {
    return std::nullopt;
  }
  fit.caller = *std::move(caller);
  return fit;
}

// How far above sp the frame record lies there: by the code in front of it, or
// by that behind.
std::optional<int64_t> LinkRegister::RecordOverStackPointer(Site site) {
  const auto known = records_.find(site.pc);
  if (known != records_.end()) return known->second;
  std::optional<int64_t> record =
      FramePointerOverStackPointer(code_, site.function, site.pc);
  if (!record) {
    record = FrameRecordOverStackPointer(code_, CodeAddress::Return(site.pc));
  }
  records_.emplace(site.pc, record);
  return record;
}

// `caller`, a frame that has called, was itself called by something that leads
// to it, as far as can be told.
bool LinkRegister::CouldHaveCalled(const Leaf& leaf, const Registers& caller) {
  const std::optional<Registers> above = CallerOf(leaf, caller);
  if (!above || !above->pc()) return true;
  if (!code_.MayReturnTo(above->pc())) return false;
  const std::optional<CallSite> call = code_.CallBefore(above->pc());
  if (!call || !call->target) return true;
  return LeadsTo(*call->target, caller.pc());
}

bool LinkRegister::LeadsTo(Address target, Address return_address) {
  const Pair key(target, return_address);
  const auto known = leads_.find(key);
  if (known != leads_.end()) return known->second;
  const CallGraph::Calls below = graph_.Below(target);
  const bool leads =
      below.open || std::any_of(below.calls.begin(), below.calls.end(),
                                [&](const CallGraph::Call& call) {
                                  return call.return_address == return_address;
                                });
  if (!graph_.exhausted()) leads_.emplace(key, leads);
  return leads;
}

}  // namespace hubspy
