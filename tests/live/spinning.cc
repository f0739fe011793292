#include "live/spinning.h"

#include <sched.h>

#include <cstdlib>

#include "target/linux/proc_dir.h"
#include "target/linux/proc_files.h"

// The linker's names for the bounds of a section whose name is an identifier.
extern "C" const char __start_hubspy_spin;
extern "C" const char __stop_hubspy_spin;

namespace hubspy {
namespace {

// Alone in its section, and free of calls into a sanitizer's runtime. The one
// on the stack is its caller's: its own could lie below sp, in the red zone.
[[gnu::section("hubspy_spin"), gnu::noinline, gnu::no_sanitize_address,
  gnu::no_sanitize_thread]] void
Spin(volatile uint64_t* first, volatile uint64_t* on_stack,
     volatile uint64_t* last) {
  for (uint64_t n = 1;; ++n) {
    *first = n;
    *on_stack = n;
    *last = n;
  }
}

}  // namespace

Child ForkSpinning(const Shared<SpinCounters>& counters) {
  Child child = Child::Fork([&](ChildPipes&) {
    volatile uint64_t on_stack = 0;
    counters->stack_address = reinterpret_cast<uint64_t>(&on_stack);
    Spin(&counters->first, &on_stack, &counters->last);
    return 0;
  });
  while (counters->last == 0) sched_yield();
  return child;
}

AddressRange SpinCode() {
  return {Address(reinterpret_cast<uint64_t>(&__start_hubspy_spin)),
          Address(reinterpret_cast<uint64_t>(&__stop_hubspy_spin))};
}

void AwaitProgress(const Shared<SpinCounters>& counters) {
  const uint64_t before = counters->last;
  while (counters->last == before) sched_yield();
}

void Burn(int turns) {
  for (int i = 0; i < turns; ++i) asm volatile("");
}

int32_t TracerOf(int32_t tid) {
  const auto directory = ProcDir::Open(tid);
  if (!directory.ok()) abort();
  const auto text = directory->ReadFile("status");
  if (!text.ok()) abort();
  const auto status = ParseStatus(*text);
  if (!status.ok()) abort();
  return status->tracer_id;
}

}  // namespace hubspy
