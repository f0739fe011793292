#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "green/code_names.h"
#include "green/control_block.h"
#include "green/introspect.h"
#include "green/sanitizers.h"
#include "green/stack_guard.h"
#include "green/stack_memory.h"
#include "green/traceback.h"

namespace green::internal {
namespace {

// Room for a traceback and for the names of its functions, over and above the
// registers that the kernel saves, which may be 11 KiB (AMX).
constexpr size_t kAlternateSize = size_t{64} << 10;

#if defined(GREEN_TSAN)
constexpr bool kHandlesFaults = false;
#else
constexpr bool kHandlesFaults = true;
#endif

constinit thread_local const HubRecord* hub_of_thread = nullptr;
struct sigaction previous_actions[NSIG];  // by signal
uint64_t page_size;

// The running green thread, if the fault lies in the guard of its stack.
const ControlBlock* Overflowed(const siginfo_t& info) {
  // Positive: the kernel's word about an instruction, not a signal that was
  // sent (sigaction(2)).
  if (hub_of_thread == nullptr || info.si_code <= 0) return nullptr;
  const auto* const running =
      reinterpret_cast<const ControlBlock*>(hub_of_thread->current.Get());
  if (running == nullptr) return nullptr;
  const auto fault = reinterpret_cast<uint64_t>(info.si_addr);
  const uint64_t begin = running->record.stack_begin.Get();
  return fault < begin && fault >= begin - page_size ? running : nullptr;
}

void ReportOverflow(const GreenRecord& record, const void* context) {
  StandardErrorSink sink;
  sink.Append("green: green thread ");
  sink.AppendNumber(record.id.Get());
  if (const size_t size = strnlen(record.name, sizeof(record.name)); size > 0) {
    sink.Append(" (");
    sink.Append({record.name, size});
    sink.Append(")");
  }
  sink.Append(" overflowed its stack of ");
  const uint64_t begin = record.stack_begin.Get();
  const uint64_t end = record.stack_end.Get();
  sink.AppendNumber(end - begin);
  sink.Append(
      " bytes; HubOptions::stack_size says how large stacks are. It was in:\n");
  // The frame that hit the guard begins in it.
  AppendFrames(
      TraceInterrupted(context, {.begin = begin - page_size, .end = end}), 0,
      "    ", sink);
}

void PassOn(int signal, siginfo_t* info, void* context) {
  const struct sigaction& previous = previous_actions[signal];
  if ((previous.sa_flags & SA_SIGINFO) != 0) {
    previous.sa_sigaction(signal, info, context);
  } else if (previous.sa_handler == SIG_DFL || previous.sa_handler == SIG_IGN) {
    // Returning runs the faulting instruction again, unhandled this time; a
    // signal that was sent has to be sent again.
    sigaction(signal, &previous, nullptr);
    if (info->si_code <= 0) raise(signal);
  } else {
    previous.sa_handler(signal);
  }
}

void OnFault(int signal, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  if (const ControlBlock* const overflowed = Overflowed(*info)) {
    ReportOverflow(overflowed->record, context);
  }
  errno = saved_errno;
  PassOn(signal, info, context);
}

bool InstallHandler(int signal) {
  struct sigaction& previous = previous_actions[signal];
  if (sigaction(signal, nullptr, &previous) != 0) return false;
  struct sigaction action = {};
  action.sa_sigaction = OnFault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | (previous.sa_flags & SA_NODEFER);
  action.sa_mask = previous.sa_mask;
  return sigaction(signal, &action, nullptr) == 0;
}

bool InstallHandlers() {
  if (!kHandlesFaults) return false;
  page_size = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  return std::ranges::all_of(StackGuardSignals(), InstallHandler);
}

}  // namespace

// What the system refuses here costs only the message.
StackGuard::StackGuard(const HubRecord& hub) {
  static const bool is_installed = InstallHandlers();
  if (!is_installed) return;
  hub_of_thread = &hub;
  stack_t there_is = {};
  if (sigaltstack(nullptr, &there_is) != 0) return;
  if ((there_is.ss_flags & SS_DISABLE) == 0) return;
  // With a guard below: a fault while handling one ends the program as well.
  const size_t size = page_size + kAlternateSize;
  void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return;
  alternate_ = memory;
  alternate_size_ = size;
  mprotect(memory, page_size, PROT_NONE);
  stack_t alternate = {};
  alternate.ss_sp = static_cast<char*>(memory) + page_size;
  alternate.ss_size = kAlternateSize;
  sigaltstack(&alternate, nullptr);
}

StackGuard::~StackGuard() {
  hub_of_thread = nullptr;
  if (alternate_ == nullptr) return;
  stack_t there_is = {};
  sigaltstack(nullptr, &there_is);
  if (there_is.ss_sp == static_cast<char*>(alternate_) + page_size) {
    stack_t none = {};
    none.ss_flags = SS_DISABLE;
    sigaltstack(&none, nullptr);
  }
  munmap(alternate_, alternate_size_);
}

}  // namespace green::internal
