// What other OS threads want done in a hub's loop.
//
// The surprising part: it outlives its hub, so that a message that comes too
// late finds it closed. And it knows about fork: to a child, its parent's hubs
// are gone.
#ifndef GREEN_INBOX_H_
#define GREEN_INBOX_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "green/poller.h"

namespace green::internal {

// Made by whoever sends it, so that sending needs no memory.
class Message {
 public:
  virtual ~Message() = default;

  // In the loop, on no green thread. Must neither wait nor throw.
  virtual void Deliver() = 0;

 private:
  friend class Inbox;

  std::shared_ptr<Message> next_;
};

class Inbox {
 public:
  // Of a hub that waits in `poller`, until Close().
  explicit Inbox(Poller& poller);
  ~Inbox() { Close(); }
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  // Has `message`, which is in no inbox, delivered in the next turn of the
  // loop. Any thread may call it. false: the hub is gone, and nothing happens.
  bool Post(std::shared_ptr<Message> message);

  // The rest is for the hub's own thread.

  // One load, also in a loop that does nothing else.
  bool holds_any() const { return holds_any_.load(std::memory_order_acquire); }

  // Delivers what is there now, in the order in which it came.
  void Deliver();

  // Nothing is delivered any more; what is left goes.
  void Close();

 private:
  std::shared_ptr<Message> TakeAll();

  const uint64_t forks_;  // before it was made
  std::atomic<bool> holds_any_ = false;
  std::mutex mutex_;
  Poller* poller_;  // nullptr: closed
  std::shared_ptr<Message> first_;
  Message* last_ = nullptr;
};

}  // namespace green::internal

#endif  // GREEN_INBOX_H_
