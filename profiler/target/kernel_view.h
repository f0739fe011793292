// What the kernel says of a process, besides its memory and its stacks: why a
// thread does not run, and what it waits for outside of itself.
//
//   auto kernel = KernelView::Open(pid);
//   std::optional<uint64_t> handled = (*kernel)->SignalsHandled();
//
// Promises: looks only. Nothing of the process is stopped, opened, or moved.
//
// The surprising part: everything may be missing, because the kernel is old,
// the process is gone, or we may not know; so answers are optional, and nothing
// is concluded from what is absent.
#ifndef HUBSPY_TARGET_KERNEL_VIEW_H_
#define HUBSPY_TARGET_KERNEL_VIEW_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "model/kernel_facts.h"
#include "model/snapshot.h"
#include "target/memory.h"

namespace hubspy {

// What every process of the machine has used, at one instant.
struct CpuTimes {
  struct Process {
    std::string name;
    int64_t used_ns = 0;  // in steps of 10 ms
    int cpu = 0;          // that it was on last
  };
  absl::flat_hash_map<int32_t, Process> processes;
  std::vector<int> allowed_cpus;  // empty: not known
};

// Those that used the most in between, the most first, as far as they were on
// one of the allowed CPUs; without process `except`.
std::vector<CpuUser> CpuUsersBetween(const CpuTimes& begin, const CpuTimes& end,
                                     int64_t elapsed_ns, int32_t except);

class KernelView {
 public:
  // NotFound: no such process.
  static absl::StatusOr<std::unique_ptr<KernelView>> Open(int32_t pid);

  virtual ~KernelView() = default;

  // Signals for which the process has handlers, signal n as bit n - 1.
  virtual std::optional<uint64_t> SignalsHandled() const = 0;

  virtual std::optional<ThreadSchedule> Schedule(ThreadId tid) const = 0;

  virtual CgroupFacts Cgroups(ThreadId tid) const = 0;
  virtual Tracer TracerOf(ThreadId tid) const = 0;

  // The CPU time that each process has used so far, and on which CPUs `tid` may
  // run: for CpuUsersBetween.
  virtual CpuTimes CpuTimesNow(ThreadId tid) const = 0;

  // Looks at the open file itself, through a second descriptor of ours that
  // lives for some microseconds.
  virtual FdFacts LookAtFd(int32_t fd) const = 0;

  // The fds that the epoll instance behind `epoll_fd` waits for, sorted, as
  // they were numbered when they were added.
  virtual std::optional<std::vector<int32_t>> PolledFds(
      int32_t epoll_fd) const = 0;

  // What `call`, which thread `tid` was just seen in, waits for. Of what the
  // call's arguments point to, nothing if the thread has left it meanwhile.
  virtual CallFacts Explain(ThreadId tid, const SystemCall& call,
                            const Memory& memory) const = 0;
};

}  // namespace hubspy

#endif  // HUBSPY_TARGET_KERNEL_VIEW_H_
