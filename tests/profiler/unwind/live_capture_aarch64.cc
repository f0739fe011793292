#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include "profiler/unwind/live_capture.h"

namespace hubspy {

Registers StoppedRegisters(pid_t tid) {
  user_regs_struct user;
  iovec io = {&user, sizeof(user)};
  if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &io) != 0) return {};
  Registers registers =
      Registers::FromPcAndSp(Address(user.pc), Address(user.sp));
  for (int i = 0; i <= 30; ++i) {
    registers.Set(static_cast<Reg>(i), user.regs[i]);
  }
  return registers;
}

// What a function leaves as it was, and the link register, which getcontext
// leaves as it is. getcontext itself returns to the pc that is in it.
Registers RegistersOf(const ucontext_t& context) {
  const mcontext_t& machine = context.uc_mcontext;
  Registers registers =
      Registers::FromPcAndSp(Address(machine.pc), Address(machine.sp));
  for (int i = 19; i <= 30; ++i) {
    registers.Set(static_cast<Reg>(i), machine.regs[i]);
  }
  return registers;
}

}  // namespace hubspy
