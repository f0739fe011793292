#include "target/linux/ptrace_stop.h"

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "target/linux/proc_dir.h"
#include "target/linux/proc_files.h"

namespace hubspy {
namespace {

// The kernel's own "make this call again unless a handler runs"; user space
// never sees it, so it is in no header of user space (linux/errno.h).
constexpr int64_t kRestartNoHandler = 514;  // ERESTARTNOHAND

absl::Status PtraceError(ThreadId tid, absl::string_view what) {
  return absl::ErrnoToStatus(errno, absl::StrCat(what, " thread ", tid));
}

iovec AsIovec(user_regs_struct* registers) {
  return {registers, sizeof(*registers)};
}

Registers FromUserRegs(const user_regs_struct& user) {
  Registers r;
  r.Set(Reg::kRax, user.rax);
  r.Set(Reg::kRdx, user.rdx);
  r.Set(Reg::kRcx, user.rcx);
  r.Set(Reg::kRbx, user.rbx);
  r.Set(Reg::kRsi, user.rsi);
  r.Set(Reg::kRdi, user.rdi);
  r.Set(Reg::kRbp, user.rbp);
  r.Set(Reg::kRsp, user.rsp);
  r.Set(Reg::kR8, user.r8);
  r.Set(Reg::kR9, user.r9);
  r.Set(Reg::kR10, user.r10);
  r.Set(Reg::kR11, user.r11);
  r.Set(Reg::kR12, user.r12);
  r.Set(Reg::kR13, user.r13);
  r.Set(Reg::kR14, user.r14);
  r.Set(Reg::kR15, user.r15);
  r.Set(Reg::kRip, user.rip);
  return r;
}

// The kernel keeps -1 in orig_rax outside of system calls.
std::optional<SystemCall> SystemCallOf(const user_regs_struct& user) {
  const auto number = static_cast<int64_t>(user.orig_rax);
  if (number < 0) return std::nullopt;
  return SystemCall{number,
                    {user.rdi, user.rsi, user.rdx, user.r10, user.r8, user.r9}};
}

// Our stop wakes a thread out of a system call as a signal does. Most calls
// then say -ERESTARTSYS and the like, which the kernel resolves by itself as
// the thread goes on: no handler runs, so it makes the call again. Those are
// left alone. But some always say -EINTR, which would reach the program: for
// them, say -ERESTARTNOHAND in their stead.
//
// Why that very code: if a real signal is pending too, the kernel looks at it
// after our stop, and if a handler runs for it, turns -ERESTARTNOHAND back into
// -EINTR, as the program has a right to expect.
//
// What remains: the call's relative timeout starts over. As we only stop a
// thread that was running an instant ago, the call has only just begun to wait.
// And a call that had done a part of its work says how much, as after any
// signal: io_uring_enter, what it submitted, without having waited for more.
bool NeedsRestart(const user_regs_struct& user) {
  return static_cast<int64_t>(user.rax) == -EINTR &&
         MayBeMadeAgain(static_cast<int64_t>(user.orig_rax));
}

// Whether the thread, told to stop, is on its way. One that still sleeps does
// so uninterruptibly, for who knows how long, and has not noticed anything: the
// end of the calling thread lets go of it. So of one that has exited.
bool HasBeenWoken(ThreadId tid) {
  const absl::StatusOr<ProcDir> directory = ProcDir::Open(tid);
  if (!directory.ok()) return false;
  const absl::StatusOr<std::string> text = directory->ReadFile("stat");
  if (!text.ok()) return false;
  const absl::StatusOr<ThreadStat> stat = ParseStat(*text);
  return stat.ok() && stat->state != ThreadState::kSleeping &&
         stat->state != ThreadState::kZombie;
}

}  // namespace

// Calls that the kernel ends with a plain EINTR (signal(7), and "select" whose
// timeout it cannot write back), and the transfers that do so on a socket with
// a timeout or a device. For all of them EINTR means that nothing has happened
// yet. Notably absent is close: it returns EINTR with the descriptor already
// gone, and a second one would close a stranger's.
bool MayBeMadeAgain(int64_t system_call) {
  switch (system_call) {
    case SYS_epoll_wait:
    case SYS_epoll_pwait:
    case SYS_epoll_pwait2:
    case SYS_ppoll:
    case SYS_select:
    case SYS_pselect6:
    case SYS_io_getevents:
    case SYS_io_pgetevents:
    case SYS_io_uring_enter:
    case SYS_rt_sigtimedwait:
    case SYS_semop:
    case SYS_semtimedop:
    case SYS_read:
    case SYS_readv:
    case SYS_pread64:
    case SYS_preadv:
    case SYS_preadv2:
    case SYS_write:
    case SYS_writev:
    case SYS_pwrite64:
    case SYS_pwritev:
    case SYS_pwritev2:
    case SYS_recvfrom:
    case SYS_recvmsg:
    case SYS_recvmmsg:
    case SYS_sendto:
    case SYS_sendmsg:
    case SYS_sendmmsg:
    case SYS_accept:
    case SYS_accept4:
    case SYS_connect:
      return true;
    default:
      return false;
  }
}

PtraceStop::~PtraceStop() { End(); }

absl::StatusOr<StoppedThread> PtraceStop::Begin() {
  if (absl::Status status = Interrupt(); !status.ok()) return status;
  if (absl::Status status = AwaitStop(); !status.ok()) return status;
  return ReadRegisters();
}

absl::Status PtraceStop::Interrupt() {
  // No options: above all not PTRACE_O_EXITKILL, with which the target would
  // die with us.
  if (ptrace(PTRACE_SEIZE, tid_, nullptr, nullptr) != 0) {
    return PtraceError(tid_, "cannot attach to");
  }
  hold_ = Hold::kAttached;
  began_ = std::chrono::steady_clock::now();
  if (ptrace(PTRACE_INTERRUPT, tid_, nullptr, nullptr) != 0) {
    return PtraceError(tid_, "cannot interrupt");
  }
  return absl::OkStatus();
}

absl::Status PtraceStop::AwaitStop() {
  // WNOWAIT: the target may be a child of ours, and its end is for the code
  // that started it to collect.
  siginfo_t info = {};
  if (waitid(P_PID, static_cast<id_t>(tid_), &info,
             WSTOPPED | WEXITED | WNOWAIT | __WALL) != 0) {
    if (errno != EINTR) return PtraceError(tid_, "cannot wait for");
    return absl::DeadlineExceededError(
        absl::StrCat("thread ", tid_, " did not stop in time; it may be ",
                     "waiting for a CPU"));
  }
  if (info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED) {
    return absl::NotFoundError(absl::StrCat("thread ", tid_, " has exited"));
  }
  hold_ = Hold::kStopped;
  // ptrace(2): with SEIZE, our own stop is SIGTRAP with this event, and a job
  // control stop is the event with the stopping signal. Without the event the
  // thread stopped on its way to take a signal.
  const int signal = info.si_status & 0x7f;
  if (info.si_status >> 8 == PTRACE_EVENT_STOP) {
    job_control_stop_ = signal != SIGTRAP;
  } else {
    pending_signal_ = signal;
  }
  return absl::OkStatus();
}

absl::StatusOr<StoppedThread> PtraceStop::ReadRegisters() {
  user_regs_struct user = {};
  iovec io = AsIovec(&user);
  if (ptrace(PTRACE_GETREGSET, tid_, NT_PRSTATUS, &io) != 0) {
    return PtraceError(tid_, "cannot read the registers of");
  }
  if (io.iov_len != sizeof(user)) {
    return absl::FailedPreconditionError(
        absl::StrCat("thread ", tid_, " runs 32-bit code"));
  }
  const StoppedThread thread = {.state = job_control_stop_
                                             ? ThreadState::kStopped
                                             : ThreadState::kRunning,
                                .registers = FromUserRegs(user),
                                .system_call = SystemCallOf(user)};
  if (NeedsRestart(user)) {
    user.rax = static_cast<uint64_t>(-kRestartNoHandler);
    if (ptrace(PTRACE_SETREGSET, tid_, NT_PRSTATUS, &io) != 0) {
      return PtraceError(tid_, "cannot restart the system call of");
    }
  }
  return thread;
}

LastAct PtraceStop::End() {
  const Hold held = std::exchange(hold_, Hold::kNone);
  if (held == Hold::kNone) return {};
  const bool detached =
      held == Hold::kStopped &&
      ptrace(PTRACE_DETACH, tid_, nullptr, pending_signal_) == 0;
  pause_ns_ =
      std::chrono::nanoseconds(std::chrono::steady_clock::now() - began_)
          .count();
  if (detached) return {};
  if (!HasBeenWoken(tid_)) return [] {};
  return [tid = tid_] {
    PtraceStop late(tid);
    late.hold_ = Hold::kAttached;
    late.EndOnceStopped();
  };
}

// Of one that has died the end of the calling thread lets go.
void PtraceStop::EndOnceStopped() {
  while (absl::IsDeadlineExceeded(AwaitStop())) {
  }
  if (hold_ != Hold::kStopped) return;
  ReadRegisters().IgnoreError();  // mends them
  End();
}

}  // namespace hubspy
