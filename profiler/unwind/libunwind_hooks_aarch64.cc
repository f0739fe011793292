// What only libunwind for aarch64 asks: whether the code at an address, which
// is the target's, can be read, by a system call that fails with EFAULT
// otherwise. It looks for a signal's trampoline there, which code_stepper.cc
// does better.
#include <cerrno>

extern "C" long hubspy_unwind_syscall(long, ...) {
  errno = EFAULT;
  return -1;
}
