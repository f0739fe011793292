// Green threads in line for one thing: what everything that waits is made of.
//
//   struct Gate {
//     void Pass() { while (!open) waiters.Wait({abi::WaitReason::kOther}); }
//     void Open() { open = true; waiters.NotifyAll(); }
//     bool open = false;
//     WaitList waiters;
//   };
//
// First come, first served. A green thread is in at most one list at a time,
// which costs no memory, and leaves it in constant time.
//
// The surprising part: a wait that has been answered never throws. An exception
// that is meant for a green thread (Kill, Timeout) but comes after its notice
// is thrown by its next wait instead. So what a notice hands over, such as a
// place in a pool, is never lost.
#ifndef GREEN_WAIT_LIST_H_
#define GREEN_WAIT_LIST_H_

#include <cstddef>
#include <cstdint>

#include "green/introspect_abi.h"

namespace green {

class Hub;

namespace internal {

struct ControlBlock;

// Told to observers while the wait lasts.
struct WaitFor {
  abi::WaitReason reason;
  uint64_t object = 0;  // see kGreenWaitsOn
  int fd = -1;

  // Not told: where whoever notifies finds something, or leaves it.
  void* exchange = nullptr;

  // What is thrown into the one that waits does not end this wait, but its next
  // one. For what must be had again before an exception may pass.
  bool shielded = false;
};

class WaitList {
 public:
  static constexpr int64_t kForever = INT64_MAX;

  WaitList() = default;
  WaitList(const WaitList&) = delete;
  WaitList& operator=(const WaitList&) = delete;

  // Whoever still waits can only be ended by its timeout, or by an exception.
  ~WaitList();

  // Lets the caller wait until it is notified (true), or until `timeout_ns` of
  // its hub's time have passed (false; when shielded, also because the hub goes
  // away). This list may be gone by then. Throws what is thrown into it
  // meanwhile; std::logic_error in a hub's callback, or when others of another
  // thread's hub wait here.
  bool Wait(const WaitFor& what, int64_t timeout_ns = kForever);

  // Lets the one that has waited longest go on; whether there was one. Throws
  // std::logic_error when it waits on another thread's hub.
  bool NotifyOne();

  // The same for all of them; how many.
  size_t NotifyAll();

  // Whether NotifyOne() would find one; throws as it does. Whoever asks first
  // can hand over in between what must not get lost.
  bool CanNotify() const;

  // WaitFor::exchange of the one that has waited longest. There must be one.
  void* first_exchange() const;

  bool empty() const { return first_ == nullptr; }
  size_t size() const { return size_; }
  ControlBlock* first() const { return first_; }

 private:
  friend class green::Hub;

  void PushBack(ControlBlock& block);
  void Remove(ControlBlock& block);

  ControlBlock* first_ = nullptr;
  ControlBlock* last_ = nullptr;
  Hub* hub_ = nullptr;  // whose green threads these are
  size_t size_ = 0;
};

}  // namespace internal
}  // namespace green

#endif  // GREEN_WAIT_LIST_H_
