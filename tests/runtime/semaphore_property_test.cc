// Random programs of green threads at semaphores and mutexes, with timeouts and
// kills. After each turn what is counted must agree with what they have done.
#include <algorithm>
#include <cstdint>
#include <mutex>
#include <optional>

#include "absl/time/time.h"
#include "green/green_thread.h"
#include "green/mutex.h"
#include "green/semaphore.h"
#include "gtest/gtest.h"
#include "runtime/crowd_testing.h"

namespace green {
namespace {

// Holds one as long as it lives, and counts that.
template <typename AnySemaphore>
struct Held {
  Held(AnySemaphore& its_semaphore, int64_t& its_count)
      : semaphore(its_semaphore), count(its_count) {
    ++count;
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() {
    --count;
    semaphore.Release();
  }
  AnySemaphore& semaphore;
  int64_t& count;
};

template <typename AnySemaphore>
bool AcquireSomehow(AnySemaphore& semaphore, Random& random) {
  switch (random.Below(3)) {
    case 0:
      return semaphore.TryAcquire();
    case 1:
      return semaphore.Acquire(random.Milliseconds());
    default:
      semaphore.Acquire();
      return true;
  }
}

template <typename AnySemaphore>
void HoldsNoMoreThanThereAre(uint32_t seed) {
  Random random(seed);
  const int64_t initial = 1 + random.Below(4);
  AnySemaphore semaphore(initial);
  int64_t held = 0;
  int64_t waiting = 0;
  // Who was notified is no waiter any more, and has not counted itself yet.
  int64_t asking = 0;
  const auto step = [&] {
    struct Asks {
      explicit Asks(int64_t& its_count) : count(its_count) { ++count; }
      ~Asks() { --count; }
      int64_t& count;
    };
    std::optional<Asks> asks(asking);
    if (!AcquireSomehow(semaphore, random)) return;
    const Held<AnySemaphore> holds(semaphore, held);
    asks.reset();
    ASSERT_LE(held, initial);
    if (random.Below(2) == 0) Sleep(random.Milliseconds());
  };
  RunCrowd(seed, random, step, [&] {
    const int64_t balance = semaphore.Balance();
    waiting = std::max<int64_t>(-balance, 0);
    ASSERT_LE(waiting, asking);
    // Each that asks waits, or was given one, or has yet to be unwound.
    ASSERT_LE(std::max<int64_t>(balance, 0) + held, initial);
    ASSERT_GE(std::max<int64_t>(balance, 0) + held + asking - waiting, initial);
    ASSERT_EQ(semaphore.Locked(), balance <= 0);
  });
  ASSERT_EQ(held, 0);
  ASSERT_EQ(semaphore.Balance(), initial);
}

TEST(SemaphoreProperty, NothingIsLostOrHeldTwice) {
  ForEachSeed(&HoldsNoMoreThanThereAre<Semaphore>);
}

TEST(BoundedSemaphoreProperty, NothingIsLostOrHeldTwice) {
  ForEachSeed(&HoldsNoMoreThanThereAre<BoundedSemaphore>);
}

// Both directions wait; what is acquired and what is released add up.
void AddsUp(uint32_t seed) {
  Random random(seed);
  const int64_t limit = random.Below(4);
  const int64_t initial = random.Below(limit + 1);
  CappedSemaphore semaphore(initial, limit);
  int64_t acquired = 0;
  int64_t released = 0;
  const auto step = [&] {
    const absl::Duration patience = random.Milliseconds();
    if (random.Below(2) == 0) {
      acquired += AcquireSomehow(semaphore, random) ? 1 : 0;
    } else if (random.Below(2) == 0) {
      released += semaphore.TryRelease() ? 1 : 0;
    } else {
      released += semaphore.Release(patience) ? 1 : 0;
    }
  };
  RunCrowd(seed, random, step, [&] {
    // Nobody waits to acquire while one waits to release.
    ASSERT_FALSE(semaphore.Locked() && semaphore.Bounded() && limit > 0);
  });
  const int64_t count = initial + released - acquired;
  ASSERT_GE(count, 0);
  ASSERT_LE(count, limit);
  ASSERT_EQ(semaphore.Balance(), count - (limit - count));
}

TEST(CappedSemaphoreProperty, WhatIsAcquiredAndReleasedAddsUp) {
  ForEachSeed(&AddsUp);
}

void HasOneHolder(uint32_t seed) {
  Random random(seed);
  Mutex mutex;
  int holders = 0;
  const auto step = [&] {
    std::unique_lock lock(mutex, std::defer_lock);
    if (random.Below(2) == 0) {
      lock.lock();
    } else if (mutex.Lock(random.Milliseconds())) {
      lock = std::unique_lock(mutex, std::adopt_lock);
    } else {
      return;
    }
    struct Inside {
      explicit Inside(int& its_count) : count(its_count) { ++count; }
      ~Inside() { --count; }
      int& count;
    };
    const Inside inside(holders);
    ASSERT_EQ(holders, 1);
    ASSERT_TRUE(mutex.HeldByCaller());
    if (random.Below(2) == 0) Sleep(random.Milliseconds());
  };
  RunCrowd(seed, random, step, [&] {
    ASSERT_LE(holders, 1);
    if (holders == 1) {
      ASSERT_TRUE(mutex.Locked());
    }
  });
  ASSERT_FALSE(mutex.Locked());
}

TEST(MutexProperty, HasOneHolder) { ForEachSeed(&HasOneHolder); }

}  // namespace
}  // namespace green
