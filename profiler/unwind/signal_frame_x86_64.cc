#include "unwind/signal_frame.h"

namespace hubspy {
namespace {

// struct rt_sigframe, arch/x86/include/asm/sigframe.h, and struct sigcontext_64
// in it, in this order.
constexpr uint64_t kContextRegisters = 40;  // from ucontext, where rsp points
constexpr Reg kUcontextOrder[] = {
    Reg::kR8,  Reg::kR9,  Reg::kR10, Reg::kR11, Reg::kR12, Reg::kR13,
    Reg::kR14, Reg::kR15, Reg::kRdi, Reg::kRsi, Reg::kRbp, Reg::kRbx,
    Reg::kRdx, Reg::kRax, Reg::kRcx, Reg::kRsp, Reg::kRip};

}  // namespace

std::optional<Registers> InterruptedBySignal(const Registers& handler,
                                             const MemoryCopy& stack) {
  Registers registers = handler.OfAnotherFrame();
  Address at = handler.sp() + kContextRegisters;
  for (const Reg reg : kUcontextOrder) {
    const auto value = stack.Read<uint64_t>(at);
    if (!value) return std::nullopt;
    registers.Set(reg, *value);
    at = at + 8;
  }
  return registers;
}

}  // namespace hubspy
