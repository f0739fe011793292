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

#include "absl/status/statusor.h"
#include "model/kernel_facts.h"
#include "model/snapshot.h"
#include "target/memory.h"

namespace hubspy {

class KernelView {
 public:
  // NotFound: no such process.
  static absl::StatusOr<std::unique_ptr<KernelView>> Open(int32_t pid);

  virtual ~KernelView() = default;

  // Signals for which the process has handlers, signal n as bit n - 1.
  virtual std::optional<uint64_t> SignalsHandled() const = 0;

  virtual std::optional<ThreadSchedule> Schedule(ThreadId tid) const = 0;

  // Looks at the open file itself, through a second descriptor of ours that
  // lives for some microseconds.
  virtual FdFacts LookAtFd(int32_t fd) const = 0;

  // What `call`, which one of its threads is in, waits for.
  virtual CallFacts Explain(const SystemCall& call,
                            const Memory& memory) const = 0;
};

}  // namespace hubspy

#endif  // HUBSPY_TARGET_KERNEL_VIEW_H_
