#include "green/queue.h"

#include <stdexcept>

namespace green::internal {

void TaskCount::Done() {
  if (unfinished() == 0) {
    throw std::logic_error(
        "green::Queue::TaskDone: called more often than values were put");
  }
  ++one_less_unfinished_;
  if (unfinished() == 0) joiners_.NotifyAll();
}

// Once: the queue may be gone when the wait is over.
void TaskCount::Join() {
  if (unfinished() == 0) return;
  joiners_.Wait({abi::WaitReason::kQueue,
                 reinterpret_cast<uint64_t>(&one_less_unfinished_)});
}

}  // namespace green::internal
