// All that a green thread is while it lives, at a fixed size.
//
// The surprising part: what every switch touches comes first, in one cache
// line, so that a thousand green threads that take turns stay in cache.
#ifndef GREEN_CONTROL_BLOCK_H_
#define GREEN_CONTROL_BLOCK_H_

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "green/belongings.h"
#include "green/green_queue.h"
#include "green/introspect.h"
#include "green/sanitizers.h"
#include "green/task.h"
#include "green/timer_queue.h"
#include "green/wait_list.h"

namespace green {

class Timeout;

namespace internal {

// What the C++ runtime keeps for each thread (Itanium C++ ABI, Exception
// Handling, 2.2.2): the exceptions being handled, the number being thrown. A
// switch inside a catch block must not mix those of two green threads.
struct ExceptionState {
  void* caught = nullptr;
  unsigned int uncaught = 0;
};

// A call that a green thread makes in the middle of its own, for a full pool.
struct InPlaceCall {
  InPlaceCall* outer;  // nullptr: none
  int depth;           // 1 for the outermost

  // What was thrown into the green thread meanwhile, but for limits that were
  // set inside of this call.
  std::vector<std::exception_ptr> thrown_from_outside;
};

struct alignas(64) ControlBlock {
  ControlBlock* next = nullptr;  // in the one list or queue that it is in
  void* exceptions_caught = nullptr;
  unsigned int exceptions_uncaught = 0;
  bool notified = false;     // its wait was answered
  bool interrupted = false;  // what is below is to be thrown,
  bool shielded = false;     // but not into its wait
  GreenRecord record = {};

  Task* task = nullptr;  // holds one reference; none: it ended unbegun
  Timer timer{Timer::Purpose::kWakeGreenThread};
  WaitList* wait_list = nullptr;  // while it is in one
  ControlBlock* previous = nullptr;
  void* exchange = nullptr;  // see WaitFor

  // To be thrown by its wait, or else its next one, in this order.
  std::exception_ptr killed_with;
  Timeout* first_expired = nullptr;

  InPlaceCall* in_place = nullptr;  // the innermost; nullptr: none

  Belongings* belongings = nullptr;  // owned; nullptr: none
  SanitizedStack sanitized_stack;

  bool begun() const { return record.stack_end.Get() != 0; }
  int in_place_depth() const {
    return in_place == nullptr ? 0 : in_place->depth;
  }
};

// From the slabs of `record`; throws std::bad_alloc.
ControlBlock& AcquireControlBlock(HubRecord& record);
void ReleaseControlBlock(HubRecord& record, ControlBlock& block);

ControlBlock& ControlBlockOf(Timer& timer);

// "green thread 12 (name)"; of a thread's own code, "the thread's own code".
std::string DescribeGreenThread(const ControlBlock& block);

// Calls visit(ControlBlock&) for each that is in use. Those that come to use
// meanwhile may be left out.
template <typename Visit>
void ForEachGreenThread(const HubRecord& record, Visit visit) {
  for (uint64_t at = record.first_slab.Get(); at != 0;) {
    const auto* const slab = reinterpret_cast<const abi::Slab*>(at);
    auto* const blocks =
        reinterpret_cast<ControlBlock*>(at + sizeof(abi::Slab));
    for (uint32_t i = 0; i < slab->count; ++i) {
      if (blocks[i].record.id.Get() != 0) visit(blocks[i]);
    }
    at = slab->next;
  }
}

inline void GreenQueue::PushBack(ControlBlock& block) {
  block.next = nullptr;
  (last_ == nullptr ? first_ : last_->next) = &block;
  last_ = &block;
}

inline ControlBlock* GreenQueue::PopFront() {
  ControlBlock* const front = first_;
  if (front == nullptr) return nullptr;
  first_ = front->next;
  if (first_ == nullptr) last_ = nullptr;
  return front;
}

}  // namespace internal
}  // namespace green

#endif  // GREEN_CONTROL_BLOCK_H_
