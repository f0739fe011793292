#include "green/semaphore.h"

#include <stdexcept>

#include "green/green_thread.h"

namespace green {
namespace {

int64_t RequireCount(int64_t count) {
  if (count < 0) {
    throw std::invalid_argument(
        "green::Semaphore: the count must not be negative");
  }
  return count;
}

int64_t RequireTimeout(absl::Duration timeout) {
  if (timeout < absl::ZeroDuration()) {
    throw std::invalid_argument(
        "green::Semaphore: a timeout must not be negative");
  }
  return internal::DelayNanoseconds(timeout);
}

internal::WaitFor WaitForSome(const int64_t& state_word) {
  return {abi::WaitReason::kSemaphore, reinterpret_cast<uint64_t>(&state_word)};
}

int64_t SizeOf(const internal::WaitList& list) {
  return static_cast<int64_t>(list.size());
}

}  // namespace

Semaphore::Semaphore(int64_t count) : count_(RequireCount(count)) {}

void Semaphore::Acquire() { AcquireWithin(internal::WaitList::kForever); }

bool Semaphore::Acquire(absl::Duration timeout) {
  return AcquireWithin(RequireTimeout(timeout));
}

bool Semaphore::AcquireWithin(int64_t timeout_ns) {
  return TryAcquire() || waiters_.Wait(WaitForSome(count_), timeout_ns);
}

bool Semaphore::TryAcquire() {
  if (Locked()) return false;
  --count_;
  return true;
}

void Semaphore::Release() {
  if (!waiters_.NotifyOne()) ++count_;
}

int64_t Semaphore::Balance() const { return count_ - SizeOf(waiters_); }

void BoundedSemaphore::Release() {
  if (semaphore_.Balance() >= initial_) {
    throw std::logic_error(
        "green::BoundedSemaphore::Release: released more often than acquired");
  }
  semaphore_.Release();
}

CappedSemaphore::CappedSemaphore(int64_t count, int64_t limit)
    : count_(RequireCount(count)), room_(limit - count) {
  if (count > limit) {
    throw std::invalid_argument(
        "green::CappedSemaphore: the count must not be above the limit");
  }
}

void CappedSemaphore::Acquire() { AcquireWithin(internal::WaitList::kForever); }

bool CappedSemaphore::Acquire(absl::Duration timeout) {
  return AcquireWithin(RequireTimeout(timeout));
}

void CappedSemaphore::Release() { ReleaseWithin(internal::WaitList::kForever); }

bool CappedSemaphore::Release(absl::Duration timeout) {
  return ReleaseWithin(RequireTimeout(timeout));
}

bool CappedSemaphore::AcquireWithin(int64_t timeout_ns) {
  return TryAcquire() || acquirers_.Wait(WaitForSome(count_), timeout_ns);
}

bool CappedSemaphore::ReleaseWithin(int64_t timeout_ns) {
  return TryRelease() || releasers_.Wait(WaitForSome(room_), timeout_ns);
}

// A releaser that waits takes the place at once that this leaves.
bool CappedSemaphore::TryAcquire() {
  if (releasers_.NotifyOne()) return true;
  if (count_ == 0) return false;
  --count_;
  ++room_;
  return true;
}

bool CappedSemaphore::TryRelease() {
  if (acquirers_.NotifyOne()) return true;
  if (room_ == 0) return false;
  ++count_;
  --room_;
  return true;
}

bool CappedSemaphore::Locked() const {
  return count_ == 0 && releasers_.empty();
}

bool CappedSemaphore::Bounded() const {
  return room_ == 0 && acquirers_.empty();
}

int64_t CappedSemaphore::Balance() const {
  const int64_t can_acquire = count_ - SizeOf(acquirers_) + SizeOf(releasers_);
  const int64_t can_release = room_ - SizeOf(releasers_) + SizeOf(acquirers_);
  return can_acquire - can_release;
}

}  // namespace green
