// The threads of a task, by their ids.
//
// Mach knows a thread by a port, which has to be given back; people, and the
// runtime's description of its hubs, know it by the id that
// pthread_threadid_np gives.
#ifndef HUBSPY_TARGET_DARWIN_THREAD_PORTS_H_
#define HUBSPY_TARGET_DARWIN_THREAD_PORTS_H_

#include <mach/mach.h>

#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "model/snapshot.h"
#include "target/darwin/mach_port.h"

namespace hubspy {

class ThreadPorts {
 public:
  // Borrows the right.
  explicit ThreadPorts(mach_port_t task) : task_(task) {}

  // As they are now, sorted. NotFound: the task is gone.
  absl::StatusOr<std::vector<ThreadId>> Update();
  // Of the latest Update, or of a newer one. NotFound: there is none such.
  absl::StatusOr<mach_port_t> Find(ThreadId tid);

 private:
  mach_port_t task_;
  absl::flat_hash_map<ThreadId, MachPort> ports_;
};

}  // namespace hubspy

#endif  // HUBSPY_TARGET_DARWIN_THREAD_PORTS_H_
