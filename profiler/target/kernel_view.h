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

namespace hubspy {

class KernelView {
 public:
  // NotFound: no such process.
  static absl::StatusOr<std::unique_ptr<KernelView>> Open(int32_t pid);

  virtual ~KernelView() = default;

  // Signals for which the process has handlers, signal n as bit n - 1.
  virtual std::optional<uint64_t> SignalsHandled() const = 0;
};

}  // namespace hubspy

#endif  // HUBSPY_TARGET_KERNEL_VIEW_H_
