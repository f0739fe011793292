#include "unwind/fault_guard.h"

#include <sys/ucontext.h>

#include <csetjmp>
#include <csignal>
#include <cstdlib>

namespace hubspy {
namespace {

// The innermost guarded body that runs on this thread.
thread_local sigjmp_buf* innermost_guard = nullptr;

struct sigaction previous_segv;
struct sigaction previous_bus;

void PassOn(const struct sigaction& previous, int signal, siginfo_t* info,
            void* context) {
  if ((previous.sa_flags & SA_SIGINFO) != 0) {
    previous.sa_sigaction(signal, info, context);
  } else if (previous.sa_handler == SIG_DFL) {
    // Returning runs the faulting instruction again, this time unhandled; a
    // signal that was sent has to be sent again.
    sigaction(signal, &previous, nullptr);
    if (info->si_code <= 0) raise(signal);
  } else if (previous.sa_handler != SIG_IGN) {
    previous.sa_handler(signal);
  }
}

void OnFault(int signal, siginfo_t* info, void* context) {
  // Positive: the kernel's word about this thread's own instruction, and not a
  // signal that somebody sent (sigaction(2)).
  if (innermost_guard != nullptr && info->si_code > 0) {
    // A jump out of a handler does not undo what its delivery blocked.
    const auto* const interrupted = static_cast<const ucontext_t*>(context);
    pthread_sigmask(SIG_SETMASK, &interrupted->uc_sigmask, nullptr);
    siglongjmp(*innermost_guard, 1);
  }
  PassOn(signal == SIGSEGV ? previous_segv : previous_bus, signal, info,
         context);
}

bool InstallHandlers() {
  struct sigaction action {};
  action.sa_sigaction = OnFault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  return sigaction(SIGSEGV, &action, &previous_segv) == 0 &&
         sigaction(SIGBUS, &action, &previous_bus) == 0;
}

}  // namespace

bool RunGuardedFunction(void (*body)(void*), void* context) {
  [[maybe_unused]] static const bool installed = InstallHandlers();
  sigjmp_buf here;
  sigjmp_buf* const outer = innermost_guard;
  // The signal mask is not saved: that would be a system call each time.
  if (sigsetjmp(here, 0) != 0) {
    innermost_guard = outer;
    return false;
  }
  innermost_guard = &here;
  body(context);
  innermost_guard = outer;
  return true;
}

void AbandonGuarded() {
  if (innermost_guard == nullptr) std::abort();
  siglongjmp(*innermost_guard, 1);
}

}  // namespace hubspy
