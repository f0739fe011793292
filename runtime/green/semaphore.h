// Counts something of which there is only so much.
//
//   green::Semaphore connections(10);
//   {
//     const green::ScopedAcquire connection(connections);  // waits for one
//     Fetch("http://a");
//   }  // and gives it back
//
// First come, first served. A semaphore belongs to one OS thread's hub at a
// time. It may go while some wait at it: then only their timeouts, or
// exceptions, end their waits. What need not wait may be done in a hub's
// callback.
//
// The surprising part: a release is for the one that has waited longest,
// whenever that will run. Nobody who comes later overtakes it, and when it is
// killed before it runs it still has what it waited for, until its next wait.
#ifndef GREEN_SEMAPHORE_H_
#define GREEN_SEMAPHORE_H_

#include <cstdint>

#include "absl/time/time.h"
#include "green/wait_list.h"

namespace green {

// Nobody waits while the count is above 0.
class Semaphore {
 public:
  // Throws std::invalid_argument when negative.
  explicit Semaphore(int64_t count = 1);
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  // Counts down; waits while the count is 0.
  void Acquire();

  // Waits until `timeout` has passed, at most; whether it counted down. Throws
  // std::invalid_argument when negative.
  bool Acquire(absl::Duration timeout);

  // Without waiting.
  bool TryAcquire();

  // Counts up, or lets the one that has waited longest go on.
  void Release();

  // Whether Acquire would wait.
  bool Locked() const { return count_ == 0; }

  // The count; or, negative, how many wait.
  int64_t Balance() const;

 private:
  bool AcquireWithin(int64_t timeout_ns);

  int64_t count_;  // published: see WaitReason::kSemaphore
  internal::WaitList waiters_;
};

// One that is never released more often than it was acquired.
class BoundedSemaphore {
 public:
  explicit BoundedSemaphore(int64_t count = 1)
      : initial_(count), semaphore_(count) {}

  void Acquire() { semaphore_.Acquire(); }
  bool Acquire(absl::Duration timeout) { return semaphore_.Acquire(timeout); }
  bool TryAcquire() { return semaphore_.TryAcquire(); }

  // Throws std::logic_error when the count is what it was at first.
  void Release();

  bool Locked() const { return semaphore_.Locked(); }
  int64_t Balance() const { return semaphore_.Balance(); }

 private:
  const int64_t initial_;
  Semaphore semaphore_;
};

// One whose Release waits while the count is at a limit. When that is 0, each
// Release waits for an Acquire, and each Acquire for a Release.
class CappedSemaphore {
 public:
  // Throws std::invalid_argument unless 0 <= count <= limit.
  CappedSemaphore(int64_t count, int64_t limit);
  CappedSemaphore(const CappedSemaphore&) = delete;
  CappedSemaphore& operator=(const CappedSemaphore&) = delete;

  // As a Semaphore's.
  void Acquire();
  bool Acquire(absl::Duration timeout);
  bool TryAcquire();

  // The same in the other direction.
  void Release();
  bool Release(absl::Duration timeout);
  bool TryRelease();

  // Whether Acquire, and Release, would wait.
  bool Locked() const;
  bool Bounded() const;

  // As eventlet counts: how many Acquires would not wait, less how many
  // Releases would not. Each that waits to acquire counts -2, to release 2.
  int64_t Balance() const;

 private:
  bool AcquireWithin(int64_t timeout_ns);
  bool ReleaseWithin(int64_t timeout_ns);

  // Published: see WaitReason::kSemaphore. Together always the limit.
  int64_t count_;
  int64_t room_;
  internal::WaitList acquirers_;
  internal::WaitList releasers_;
};

// Has acquired one as long as it lives. Not of a CappedSemaphore, whose Release
// may wait: an exception thrown into that could not leave a destructor.
template <typename AnySemaphore>
class [[nodiscard]] ScopedAcquire {
 public:
  explicit ScopedAcquire(AnySemaphore& semaphore) : semaphore_(semaphore) {
    semaphore_.Acquire();
  }
  ScopedAcquire(const ScopedAcquire&) = delete;
  ScopedAcquire& operator=(const ScopedAcquire&) = delete;
  ~ScopedAcquire() { semaphore_.Release(); }

 private:
  AnySemaphore& semaphore_;
};
template <>
class ScopedAcquire<CappedSemaphore>;

}  // namespace green

#endif  // GREEN_SEMAPHORE_H_
