#include <mach/i386/thread_status.h>

#include <cstddef>
#include <cstdint>

#include "target/darwin/thread_state.h"

namespace hubspy {
namespace {

// A call's number is in rax, and its class above (xnu,
// osfmk/mach/i386/syscall_sw.h): 1 for Mach's traps, 2 for Unix's.
constexpr uint64_t kClassShift = 24;
constexpr uint64_t kNumberMask = (uint64_t{1} << kClassShift) - 1;
constexpr uint64_t kMachClass = 1;

int64_t CallNumber(uint64_t rax) {
  const auto number = static_cast<int64_t>(rax & kNumberMask);
  const uint64_t call_class = (rax >> kClassShift) & 0xff;
  return call_class == kMachClass ? -number : number;
}

}  // namespace

std::optional<ThreadState64> ReadThreadState(mach_port_t thread) {
  x86_thread_state64_t state;
  mach_msg_type_number_t count = x86_THREAD_STATE64_COUNT;
  if (thread_get_state(thread, x86_THREAD_STATE64,
                       reinterpret_cast<thread_state_t>(&state),
                       &count) != KERN_SUCCESS) {
    return std::nullopt;
  }
  ThreadState64 result;
  Registers& registers = result.registers;
  registers.Set(Reg::kRax, state.__rax);
  registers.Set(Reg::kRbx, state.__rbx);
  registers.Set(Reg::kRcx, state.__rcx);
  registers.Set(Reg::kRdx, state.__rdx);
  registers.Set(Reg::kRsi, state.__rsi);
  registers.Set(Reg::kRdi, state.__rdi);
  registers.Set(Reg::kRbp, state.__rbp);
  registers.Set(Reg::kRsp, state.__rsp);
  registers.Set(Reg::kR8, state.__r8);
  registers.Set(Reg::kR9, state.__r9);
  registers.Set(Reg::kR10, state.__r10);
  registers.Set(Reg::kR11, state.__r11);
  registers.Set(Reg::kR12, state.__r12);
  registers.Set(Reg::kR13, state.__r13);
  registers.Set(Reg::kR14, state.__r14);
  registers.Set(Reg::kR15, state.__r15);
  registers.Set(Reg::kRip, state.__rip);
  // The fourth argument is in r10: the instruction takes rcx for itself.
  result.call = {.number = CallNumber(state.__rax),
                 .arguments = {state.__rdi, state.__rsi, state.__rdx,
                               state.__r10, state.__r8, state.__r9}};
  return result;
}

bool FollowsSystemCall(Address pc, const Memory& memory) {
  constexpr uint16_t kCallsKernel = 0x050f;  // syscall
  uint16_t instruction = 0;
  const auto into = absl::MakeSpan(reinterpret_cast<std::byte*>(&instruction),
                                   sizeof instruction);
  return memory.Read(pc - sizeof instruction, into) == into.size() &&
         instruction == kCallsKernel;
}

}  // namespace hubspy
