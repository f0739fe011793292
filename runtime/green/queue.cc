#include "green/queue.h"

#include <stdexcept>

namespace green::internal {

void TaskCount::Done() {
  if (unfinished_ == 0) {
    throw std::logic_error(
        "green::Queue::TaskDone: called more often than values were put");
  }
  if (--unfinished_ == 0) joiners_.NotifyAll();
}

// Once: the queue may be gone when the wait is over.
void TaskCount::Join(uint64_t queue_address) {
  if (unfinished_ == 0) return;
  joiners_.Wait({abi::WaitReason::kQueue, queue_address});
}

}  // namespace green::internal
