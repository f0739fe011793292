// A stop wakes a thread out of the system call that it has just made, and on
// aarch64 the kernel has forgotten by then which one that was and what x0 held
// (arch/arm64/kernel/signal.c, do_signal: forget_syscall comes before the stop,
// and orig_x0 is not shown). What x86_64's ptrace_stop.cc does, to have a call
// that always says EINTR made again, cannot be done here. So no thread is ever
// stopped.
#include "target/linux/thread_stopper.h"

namespace hubspy {

absl::Status CanStopThreads() {
  return absl::UnimplementedError(
      "on aarch64 no thread is stopped for a look, because that could end a "
      "system call of it early: use --capture any, asleep or perf");
}

std::unique_ptr<ThreadStopper> MakeThreadStopper(const ProcDir&, StackReader&,
                                                 bool) {
  return nullptr;
}

}  // namespace hubspy
