// Looks at a thread that runs by stopping it for as long as a bounded read
// takes. Not every machine's kernel lets that be done unnoticed.
#ifndef HUBSPY_TARGET_LINUX_THREAD_STOPPER_H_
#define HUBSPY_TARGET_LINUX_THREAD_STOPPER_H_

#include <cstddef>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/snapshot.h"
#include "target/linux/asleep.h"
#include "target/linux/proc_dir.h"
#include "target/linux/process_vm.h"

namespace hubspy {

class ThreadStopper {
 public:
  virtual ~ThreadStopper() = default;

  // As it is asleep after all, or held still. `max_held_bytes` as
  // CaptureRequest's, errors as Process::Capture's.
  virtual absl::StatusOr<Snapshot> LookAt(const ThreadFiles& files,
                                          size_t max_held_bytes) = 0;
};

// OK, or why threads are not stopped on this machine.
absl::Status CanStopThreads();

// Null: they are not. Borrows the process's directory, and the reader that was
// prepared for each look. `sampling`: other threads wait to be looked at.
std::unique_ptr<ThreadStopper> MakeThreadStopper(const ProcDir& directory,
                                                 StackReader& reader,
                                                 bool sampling);

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LINUX_THREAD_STOPPER_H_
