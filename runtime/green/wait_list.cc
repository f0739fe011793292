#include "green/wait_list.h"

#include <stdexcept>

#include "green/control_block.h"
#include "green/hub.h"

namespace green::internal {

WaitList::~WaitList() {
  while (first_ != nullptr) {
    first_->record.waits_on.Set(0);
    Remove(*first_);
  }
}

bool WaitList::Wait(const WaitFor& what, int64_t timeout_ns) {
  Hub& hub = Hub::Current();
  if (empty()) {
    hub_ = &hub;
  } else if (hub_ != &hub) {
    throw std::logic_error(
        "green: green threads of two OS threads cannot wait for the same");
  }
  return hub.WaitIn(*this, what, timeout_ns);
}

bool WaitList::CanNotify() const {
  if (empty()) return false;
  if (hub_ != &Hub::Current()) {
    throw std::logic_error(
        "green: who waits belongs to another OS thread's hub, which alone may "
        "let it go on");
  }
  // Whoever waits while the hub goes away is never switched to again.
  return !hub_->closing_;
}

bool WaitList::NotifyOne() {
  if (!CanNotify()) return false;
  hub_->Notify(*first_);
  return true;
}

void* WaitList::first_exchange() const { return first_->exchange; }

size_t WaitList::NotifyAll() {
  size_t count = 0;
  while (NotifyOne()) ++count;
  return count;
}

void WaitList::PushBack(ControlBlock& block) {
  block.wait_list = this;
  block.next = nullptr;
  block.previous = last_;
  (last_ == nullptr ? first_ : last_->next) = &block;
  last_ = &block;
  ++size_;
}

void WaitList::Remove(ControlBlock& block) {
  (block.previous == nullptr ? first_ : block.previous->next) = block.next;
  (block.next == nullptr ? last_ : block.next->previous) = block.previous;
  block.wait_list = nullptr;
  --size_;
}

}  // namespace green::internal
