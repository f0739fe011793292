// A thread of another process as the unwinder sees it, for tests that must not
// depend on the room that captures for real.
#ifndef HUBSPY_TESTS_PROFILER_UNWIND_LIVE_CAPTURE_H_
#define HUBSPY_TESTS_PROFILER_UNWIND_LIVE_CAPTURE_H_

#include <sys/types.h>
#include <ucontext.h>

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "image/module_map.h"
#include "model/registers.h"
#include "model/snapshot.h"

namespace hubspy {

struct LiveCapture {
  Registers registers;
  MemoryCopy stack;
};

// Reads /proc/PID/maps and the vdso.
ModuleMap ReadModules(pid_t pid);

// Of a thread in a ptrace stop of ours: all registers.
LiveCapture CaptureStopped(pid_t tid);
// All of them; none where it does not hold still.
Registers StoppedRegisters(pid_t tid);
// Of what getcontext fills, or a handler is given.
Registers RegistersOf(const ucontext_t& context);

// From `from` upwards to the end of the mapping, up to `max_bytes`.
MemoryCopy CopyStack(pid_t pid, Address from, size_t max_bytes);

// What process `pid` has there, as far as it can be read; returns how much.
size_t ReadMemory(pid_t pid, Address from, absl::Span<std::byte> into);

// This thread's return addresses as libgcc's unwinder finds them, from `first`
// outwards. What lies further in (a sanitizer puts its own backtrace() between)
// is left out.
std::vector<uint64_t> BacktraceFrom(void* first);

}  // namespace hubspy

#endif  // HUBSPY_TESTS_PROFILER_UNWIND_LIVE_CAPTURE_H_
