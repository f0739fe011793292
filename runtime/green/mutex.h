// Mutual exclusion of green threads across waits.
//
//   green::Mutex mutex;
//   green::ConditionVariable changed;
//   ...
//   std::unique_lock lock(mutex);
//   changed.Wait(lock, [&] { return !jobs.empty(); });
//
// std::lock_guard, std::unique_lock and std::scoped_lock work with it. Needed
// only around code that waits: between two waits a green thread has all data of
// its OS thread to itself. It excludes no other OS threads.
//
// The surprising part: Unlock hands the mutex to the one that has waited
// longest, whenever that will run. Who unlocks and locks again at once gets to
// the end of the line.
#ifndef GREEN_MUTEX_H_
#define GREEN_MUTEX_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "absl/time/time.h"
#include "green/wait_list.h"

namespace green {

class ConditionVariable;
class Hub;

// What throws std::logic_error here: to lock it when the caller holds it, or a
// green thread of another OS thread does; to unlock it when the caller does not
// hold it; a hub's callback that locks it.
class Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  // Waits until the caller holds it.
  void Lock();

  // Waits until `timeout` has passed, at most. Whether the caller holds it now.
  bool Lock(absl::Duration timeout);

  // Without waiting; false also when the caller holds it already.
  bool TryLock();

  void Unlock();

  bool Locked() const { return holder_ != nullptr; }
  bool HeldByCaller() const;

  // As the standard library calls them.
  void lock() { Lock(); }
  bool try_lock() { return TryLock(); }
  void unlock() { Unlock(); }

 private:
  friend class ConditionVariable;

  bool LockWithin(int64_t timeout_ns);
  void LockShielded();
  bool TakeIfFree(internal::ControlBlock& block);
  void HandTo(internal::ControlBlock& block);
  bool IsHeldBy(const internal::ControlBlock& block) const;
  internal::WaitFor WhatFor() const;

  // Published: see WaitReason::kMutex. 0 also when nobody holds it.
  std::atomic<uint64_t> holder_id_ = 0;
  static_assert(sizeof(holder_id_) == sizeof(uint64_t));

  // For comparison only: it may have ended, and be another by now.
  const internal::ControlBlock* holder_ = nullptr;
  const Hub* hub_ = nullptr;  // the holder's
  internal::WaitList waiters_;
};

// Lets green threads wait until something that a mutex guards has changed.
//
// Each wait unlocks the mutex meanwhile, and has locked it again when it
// returns, and also when it throws. Throws std::logic_error when the caller
// does not hold it.
class ConditionVariable {
 public:
  ConditionVariable() = default;
  ConditionVariable(const ConditionVariable&) = delete;
  ConditionVariable& operator=(const ConditionVariable&) = delete;

  // Waits until it is notified.
  void Wait(std::unique_lock<Mutex>& lock);

  // Waits until `condition()`, which is called with the mutex locked.
  template <typename Condition>
  void Wait(std::unique_lock<Mutex>& lock, Condition condition) {
    while (!condition()) Wait(lock);
  }

  // Waits until `timeout` has passed, at most, and then for the mutex. Whether
  // it was notified.
  bool WaitFor(std::unique_lock<Mutex>& lock, absl::Duration timeout);

  // The same; what `condition()` says last.
  template <typename Condition>
  bool WaitFor(std::unique_lock<Mutex>& lock, absl::Duration timeout,
               Condition condition) {
    const int64_t deadline_ns = DeadlineNs(timeout);
    while (!condition()) {
      if (!WaitUntil(lock, deadline_ns)) return condition();
    }
    return true;
  }

  // Lets the one that has waited longest go on, or all. The mutex need not be
  // held, and a hub's callback may call them.
  void NotifyOne() { waiters_.NotifyOne(); }
  void NotifyAll() { waiters_.NotifyAll(); }

 private:
  static int64_t DeadlineNs(absl::Duration timeout);
  bool WaitUntil(std::unique_lock<Mutex>& lock, int64_t deadline_ns);
  bool WaitWithin(std::unique_lock<Mutex>& lock, int64_t timeout_ns);

  internal::WaitList waiters_;
};

}  // namespace green

#endif  // GREEN_MUTEX_H_
