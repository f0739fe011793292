// All that a green thread is while it lives, at a fixed size: what the world
// may know of it first, then what only its hub needs.
#ifndef GREEN_CONTROL_BLOCK_H_
#define GREEN_CONTROL_BLOCK_H_

#include <cstdint>

#include "green/green_queue.h"
#include "green/introspect.h"
#include "green/sanitizers.h"
#include "green/task.h"
#include "green/timer_queue.h"

namespace green::internal {

// What the C++ runtime keeps for each thread (Itanium C++ ABI, Exception
// Handling, 2.2.2): the exceptions being handled, the number being thrown. A
// switch inside a catch block must not mix those of two green threads.
struct ExceptionState {
  void* caught = nullptr;
  unsigned int uncaught = 0;
};

struct alignas(64) ControlBlock {
  GreenRecord record = {};

  ControlBlock* next = nullptr;  // in the one queue that it is in
  Task* task = nullptr;          // holds one reference
  Timer timer{Timer::Purpose::kWakeGreenThread};
  ExceptionState exceptions;
  SanitizedStack sanitized_stack;
};

// From the slabs of `record`; throws std::bad_alloc.
ControlBlock& AcquireControlBlock(HubRecord& record);
void ReleaseControlBlock(HubRecord& record, ControlBlock& block);

ControlBlock& ControlBlockOf(Timer& timer);

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
  if (last_ == nullptr) {
    first_ = &block;
  } else {
    last_->next = &block;
  }
  last_ = &block;
}

inline ControlBlock* GreenQueue::PopFront() {
  ControlBlock* const front = first_;
  if (front == nullptr) return nullptr;
  first_ = front->next;
  if (first_ == nullptr) last_ = nullptr;
  return front;
}

}  // namespace green::internal

#endif  // GREEN_CONTROL_BLOCK_H_
