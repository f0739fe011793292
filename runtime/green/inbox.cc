#include "green/inbox.h"

#include <utility>

#include "green/thread_id.h"

namespace green::internal {

Inbox::Inbox(Poller& poller) : forks_(ForksSinceStart()), poller_(&poller) {}

bool Inbox::Post(std::shared_ptr<Message> message) {
  // Before the lock, which another thread may have held when it forked.
  if (forks_ != ForksSinceStart()) return false;
  const std::lock_guard lock(mutex_);
  if (poller_ == nullptr) return false;
  Message* const last = message.get();
  const bool was_empty = first_ == nullptr;
  (was_empty ? first_ : last_->next_) = std::move(message);
  last_ = last;
  holds_any_.store(true, std::memory_order_release);
  // Under the lock, because the poller may go when the inbox is closed.
  if (was_empty) poller_->Wake();
  return true;
}

void Inbox::Deliver() {
  for (std::shared_ptr<Message> message = TakeAll(); message != nullptr;) {
    message->Deliver();
    message = std::move(message->next_);
  }
}

void Inbox::Close() {
  if (forks_ != ForksSinceStart()) return;
  {
    const std::lock_guard lock(mutex_);
    poller_ = nullptr;
  }
  // One by one: a chain of destructors could be as deep as the list is long.
  for (std::shared_ptr<Message> message = TakeAll(); message != nullptr;) {
    message = std::move(message->next_);
  }
}

std::shared_ptr<Message> Inbox::TakeAll() {
  const std::lock_guard lock(mutex_);
  holds_any_.store(false, std::memory_order_relaxed);
  last_ = nullptr;
  return std::exchange(first_, nullptr);
}

}  // namespace green::internal
