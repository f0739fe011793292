#include "unwind/signal_frame.h"

namespace hubspy {
namespace {

// struct rt_sigframe, arch/arm64/kernel/signal.c: a siginfo of 128 bytes, then
// a ucontext. Its sigcontext is aligned to 16 bytes, behind flags, link, stack
// and the room for 1024 signals, and begins with the address of a fault. Then
// there are x0 to x30, sp and pc, in the order of their DWARF numbers.
constexpr uint64_t kContextRegisters = 128 + 176 + 8;  // from sp

}  // namespace

std::optional<Registers> InterruptedBySignal(const Registers& handler,
                                             const MemoryCopy& stack) {
  Registers registers = handler.OfAnotherFrame();
  for (int i = 0; i < Registers::kCount; ++i) {
    const auto value = stack.Read<uint64_t>(handler.sp() + kContextRegisters +
                                            static_cast<uint64_t>(i) * 8);
    if (!value) return std::nullopt;
    registers.Set(static_cast<Reg>(i), *value);
  }
  return registers;
}

}  // namespace hubspy
