#include <mach/arm/thread_status.h>

#include <cstddef>
#include <cstdint>

#include "target/darwin/thread_state.h"

namespace hubspy {

std::optional<ThreadState64> ReadThreadState(mach_port_t thread) {
  arm_thread_state64_t state;
  mach_msg_type_number_t count = ARM_THREAD_STATE64_COUNT;
  if (thread_get_state(thread, ARM_THREAD_STATE64,
                       reinterpret_cast<thread_state_t>(&state),
                       &count) != KERN_SUCCESS) {
    return std::nullopt;
  }
  ThreadState64 result;
  for (size_t i = 0; i < 29; ++i) {
    result.registers.Set(static_cast<Reg>(i), state.__x[i]);
  }
  // In a process that signs them these four are signed once more on their way
  // to us; the header's own accessors take that off.
  result.registers.Set(Reg::kFp, arm_thread_state64_get_fp(state));
  result.registers.Set(Reg::kLr, arm_thread_state64_get_lr(state));
  result.registers.Set(Reg::kSp, arm_thread_state64_get_sp(state));
  result.registers.Set(Reg::kPc, arm_thread_state64_get_pc(state));
  // The call's number is in x16 (xnu, osfmk/arm64/sleh.c, handle_svc), a 32-bit
  // one; its arguments are where a function's are.
  result.call.number = static_cast<int32_t>(state.__x[16]);
  for (size_t i = 0; i < result.call.arguments.size(); ++i) {
    result.call.arguments[i] = state.__x[i];
  }
  return result;
}

bool FollowsSystemCall(Address pc, const Memory& memory) {
  constexpr uint32_t kCallsKernel = 0xd4001001;  // svc #0x80
  uint32_t instruction = 0;
  const auto into = absl::MakeSpan(reinterpret_cast<std::byte*>(&instruction),
                                   sizeof instruction);
  return memory.Read(pc - sizeof instruction, into) == into.size() &&
         instruction == kCallsKernel;
}

}  // namespace hubspy
