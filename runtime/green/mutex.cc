#include "green/mutex.h"

#include <algorithm>
#include <stdexcept>

#include "green/caller.h"
#include "green/control_block.h"
#include "green/green_thread.h"
#include "green/hub.h"
#include "green/saturating.h"

namespace green {

using internal::Caller;
using internal::ControlBlock;
using internal::WaitList;

namespace {

ControlBlock& RequireCaller() {
  ControlBlock* const caller = Caller::Block();
  if (caller == nullptr) {
    throw std::logic_error(
        "green::Mutex: a hub's callback is no green thread that could hold it");
  }
  return *caller;
}

}  // namespace

void Mutex::Lock() { LockWithin(WaitList::kForever); }

bool Mutex::Lock(absl::Duration timeout) {
  return LockWithin(internal::DelayNanoseconds(timeout));
}

bool Mutex::LockWithin(int64_t timeout_ns) {
  ControlBlock& caller = RequireCaller();
  if (TakeIfFree(caller)) return true;
  if (IsHeldBy(caller)) {
    throw std::logic_error(
        "green::Mutex::Lock: the calling green thread holds it already");
  }
  if (hub_ != &Hub::Current()) {
    throw std::logic_error(
        "green::Mutex::Lock: a green thread of another OS thread holds it");
  }
  return waiters_.Wait(WhatFor(), timeout_ns);
}

bool Mutex::TryLock() { return TakeIfFree(RequireCaller()); }

void Mutex::Unlock() {
  if (!HeldByCaller()) {
    throw std::logic_error(
        "green::Mutex::Unlock: the calling green thread does not hold it");
  }
  if (waiters_.CanNotify()) {
    HandTo(*waiters_.first());
    waiters_.NotifyOne();
  } else {
    holder_ = nullptr;
    holder_id_.store(0, std::memory_order_release);
  }
}

bool Mutex::HeldByCaller() const {
  const ControlBlock* const caller = Caller::Block();
  return caller != nullptr && IsHeldBy(*caller);
}

// Whatever is thrown into the caller meanwhile, it holds the mutex after this.
void Mutex::LockShielded() {
  ControlBlock& caller = RequireCaller();
  internal::WaitFor what = WhatFor();
  what.shielded = true;
  bool was_stopped = false;
  for (bool is_locked = false; !is_locked;) {
    try {
      is_locked = TakeIfFree(caller) || waiters_.Wait(what);
    } catch (const HubStopped&) {
      was_stopped = true;
    }
  }
  // It is the next wait that is given up.
  if (was_stopped) Hub::Current().Stop();
}

bool Mutex::TakeIfFree(ControlBlock& block) {
  if (Locked()) return false;
  hub_ = &Hub::Current();
  HandTo(block);
  return true;
}

void Mutex::HandTo(ControlBlock& block) {
  holder_ = &block;
  holder_id_.store(block.record.id.Get(), std::memory_order_release);
}

bool Mutex::IsHeldBy(const ControlBlock& block) const {
  return holder_ == &block &&
         holder_id_.load(std::memory_order_relaxed) == block.record.id.Get();
}

internal::WaitFor Mutex::WhatFor() const {
  return {abi::WaitReason::kMutex, reinterpret_cast<uint64_t>(&holder_id_)};
}

void ConditionVariable::Wait(std::unique_lock<Mutex>& lock) {
  WaitWithin(lock, WaitList::kForever);
}

bool ConditionVariable::WaitFor(std::unique_lock<Mutex>& lock,
                                absl::Duration timeout) {
  return WaitWithin(lock, internal::DelayNanoseconds(timeout));
}

int64_t ConditionVariable::DeadlineNs(absl::Duration timeout) {
  return internal::SaturatingAdd(Caller::NowNs(),
                                 internal::DelayNanoseconds(timeout));
}

bool ConditionVariable::WaitUntil(std::unique_lock<Mutex>& lock,
                                  int64_t deadline_ns) {
  return WaitWithin(
      lock,
      deadline_ns == WaitList::kForever
          ? WaitList::kForever
          : std::max<int64_t>(
                internal::SaturatingSubtract(deadline_ns, Caller::NowNs()), 0));
}

bool ConditionVariable::WaitWithin(std::unique_lock<Mutex>& lock,
                                   int64_t timeout_ns) {
  if (!lock.owns_lock()) {
    throw std::logic_error(
        "green::ConditionVariable::Wait: the mutex is not locked");
  }
  Mutex& mutex = *lock.mutex();
  mutex.Unlock();
  bool was_notified;
  try {
    was_notified = waiters_.Wait(
        {abi::WaitReason::kCondition, reinterpret_cast<uint64_t>(this)},
        timeout_ns);
  } catch (...) {
    mutex.LockShielded();
    throw;
  }
  mutex.LockShielded();
  return was_notified;
}

}  // namespace green
