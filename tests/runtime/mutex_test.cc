#include "green/mutex.h"

#include <memory>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "green/control_block.h"
#include "green/event.h"
#include "green/green_thread.h"
#include "green/hub.h"
#include "green/introspect.h"
#include "green/timeout.h"
#include "gtest/gtest.h"
#include "runtime/hub_testing.h"

namespace green {
namespace {

using ::testing::ElementsAre;

TEST(Mutex, ExcludesAcrossWaits) {
  Mutex mutex;
  int inside = 0;
  std::vector<GreenThread<void>> threads;
  for (int i = 0; i < 5; ++i) {
    threads.push_back(Spawn([&] {
      const std::lock_guard lock(mutex);
      EXPECT_EQ(++inside, 1);
      Yield();
      --inside;
    }));
  }
  for (auto& thread : threads) thread.Wait();
  EXPECT_FALSE(mutex.Locked());
}

TEST(Mutex, IsHandedOverInOrder) {
  Mutex mutex;
  std::vector<int> order;
  mutex.Lock();
  for (int i = 0; i < 3; ++i) {
    SpawnN([&, i] {
      const std::lock_guard lock(mutex);
      order.push_back(i);
    });
  }
  Yield();
  mutex.Unlock();
  EXPECT_FALSE(mutex.TryLock());
  EXPECT_FALSE(mutex.HeldByCaller());
  mutex.Lock();
  EXPECT_THAT(order, ElementsAre(0, 1, 2));
  mutex.Unlock();
}

TEST(Mutex, KnowsItsHolder) {
  Mutex mutex;
  mutex.Lock();
  EXPECT_TRUE(mutex.HeldByCaller());
  EXPECT_THROW(mutex.Lock(), std::logic_error);
  EXPECT_THROW(mutex.Lock(absl::Seconds(1)), std::logic_error);
  EXPECT_FALSE(mutex.TryLock());
  Spawn([&] {
    EXPECT_TRUE(mutex.Locked());
    EXPECT_FALSE(mutex.HeldByCaller());
    EXPECT_THROW(mutex.Unlock(), std::logic_error);
  }).Wait();
  mutex.Unlock();
  EXPECT_THROW(mutex.Unlock(), std::logic_error);
}

// The next one may live in the same control block.
TEST(Mutex, IsNotHeldByAnotherThatCameAfterItsHolder) {
  Mutex mutex;
  Spawn([&] { mutex.Lock(); }).Wait();
  Spawn([&] { EXPECT_FALSE(mutex.HeldByCaller()); }).Wait();
  EXPECT_TRUE(mutex.Locked());
}

TEST(Mutex, LockGivesUpWhenTheTimeHasPassed) {
  InSimulatedTime([](SimulatedTime& time) {
    Mutex mutex;
    auto holder = Spawn([&] {
      const std::lock_guard lock(mutex);
      Sleep(absl::Seconds(2));
    });
    Yield();
    EXPECT_FALSE(mutex.Lock(absl::Seconds(1)));
    EXPECT_EQ(time.clock.Read().now_ns, 1'000'000'000);
    EXPECT_TRUE(mutex.Lock(absl::Seconds(10)));
    EXPECT_EQ(time.clock.Read().now_ns, 2'000'000'000);
    mutex.Unlock();
  });
}

TEST(Mutex, PassesOverWhoWasKilled) {
  Mutex mutex;
  mutex.Lock();
  auto killed = Spawn([&] { mutex.Lock(); });
  auto next = Spawn([&] {
    const std::lock_guard lock(mutex);
    return true;
  });
  Yield();
  killed.Kill();
  mutex.Unlock();
  EXPECT_TRUE(next.Wait());
}

TEST(Mutex, IsUnlockedByWhoIsKilledAfterItWasHandedOver) {
  Mutex mutex;
  mutex.Lock();
  auto killed = Spawn([&] {
    const std::lock_guard lock(mutex);
    Yield();
    ADD_FAILURE() << "goes on after Kill";
  });
  Yield();
  mutex.Unlock();
  killed.Kill();
  EXPECT_THROW(killed.Wait(), GreenExit);
  EXPECT_FALSE(mutex.Locked());
}

TEST(Mutex, RefusesACallback) {
  InSimulatedTime([](SimulatedTime&) {
    Mutex mutex;
    int refused = 0;
    Hub::Current().CallAfter(absl::ZeroDuration(), [&] {
      EXPECT_THROW(mutex.Lock(), std::logic_error);
      EXPECT_THROW(mutex.TryLock(), std::logic_error);
      EXPECT_THROW(mutex.Unlock(), std::logic_error);
      ++refused;
    });
    Sleep(absl::Seconds(1));
    EXPECT_EQ(refused, 1);
  });
}

TEST(Mutex, RefusesToWaitForAnotherOsThread) {
  Mutex mutex;
  mutex.Lock();
  OnFreshThread([&] { EXPECT_THROW(mutex.Lock(), std::logic_error); });
  mutex.Unlock();
}

TEST(Mutex, TellsObserversWhoHoldsIt) {
  Mutex mutex;
  Event<void> end;
  auto first = Spawn([&] {
    const std::lock_guard lock(mutex);
    end.Wait();
  });
  auto second = Spawn([&] { mutex.Lock(); });
  Yield();
  const uint64_t first_id = first.Id();
  uint64_t held_by = 0;
  const auto look = [&] {
    const uint64_t hub = internal::IntrospectionBlock().first_hub;
    for (auto* at = reinterpret_cast<internal::HubRecord*>(hub); at != nullptr;
         at = reinterpret_cast<internal::HubRecord*>(at->next.Get())) {
      internal::ForEachGreenThread(*at, [&](internal::ControlBlock& block) {
        if (block.record.id.Get() != second.Id()) return;
        EXPECT_EQ(block.record.waits_for.Get(), abi::WaitReason::kMutex);
        const auto* const holder =
            reinterpret_cast<const uint64_t*>(block.record.waits_on.Get());
        held_by = *holder;
      });
    }
  };
  look();
  EXPECT_EQ(held_by, first_id);
  EXPECT_NE(held_by, 0u);
  end.Send();
  second.Wait();
}

TEST(ConditionVariable, WaitsUntilNotified) {
  Mutex mutex;
  ConditionVariable changed;
  std::vector<int> order;
  for (int i = 0; i < 3; ++i) {
    SpawnN([&, i] {
      std::unique_lock lock(mutex);
      changed.Wait(lock);
      EXPECT_TRUE(mutex.HeldByCaller());
      order.push_back(i);
    });
  }
  Yield();
  EXPECT_FALSE(mutex.Locked());
  changed.NotifyOne();
  Yield();
  EXPECT_THAT(order, ElementsAre(0));
  changed.NotifyAll();
  Yield();
  EXPECT_THAT(order, ElementsAre(0, 1, 2));
}

TEST(ConditionVariable, WaitsUntilTheConditionHolds) {
  Mutex mutex;
  ConditionVariable changed;
  int value = 0;
  auto waiter = Spawn([&] {
    std::unique_lock lock(mutex);
    changed.Wait(lock, [&] { return value == 3; });
    return value;
  });
  while (value < 3) {
    Yield();
    EXPECT_FALSE(waiter.Finished());
    const std::lock_guard lock(mutex);
    ++value;
    changed.NotifyOne();
  }
  EXPECT_EQ(waiter.Wait(), 3);
}

TEST(ConditionVariable, WaitForGivesUpWhenTheTimeHasPassed) {
  InSimulatedTime([](SimulatedTime& time) {
    Mutex mutex;
    ConditionVariable changed;
    std::unique_lock lock(mutex);
    EXPECT_FALSE(changed.WaitFor(lock, absl::Seconds(1)));
    EXPECT_TRUE(mutex.HeldByCaller());
    EXPECT_EQ(time.clock.Read().now_ns, 1'000'000'000);
    // Notices without a change do not make it longer.
    auto notifier = Spawn([&] {
      for (;;) {
        Sleep(absl::Milliseconds(300));
        changed.NotifyAll();
      }
    });
    EXPECT_FALSE(changed.WaitFor(lock, absl::Seconds(1), [] { return false; }));
    EXPECT_EQ(time.clock.Read().now_ns, 2'000'000'000);
    EXPECT_TRUE(changed.WaitFor(lock, absl::Seconds(1)));
    int calls = 0;
    EXPECT_TRUE(changed.WaitFor(lock, absl::InfiniteDuration(),
                                [&] { return ++calls == 3; }));
    notifier.Kill();
  });
}

TEST(ConditionVariable, RefusesWhoDoesNotHoldTheMutex) {
  Mutex mutex;
  ConditionVariable changed;
  std::unique_lock lock(mutex, std::defer_lock);
  EXPECT_THROW(changed.Wait(lock), std::logic_error);
  lock.lock();
  Spawn([&] { EXPECT_THROW(changed.Wait(lock), std::logic_error); }).Wait();
  EXPECT_TRUE(mutex.HeldByCaller());
}

TEST(ConditionVariable, HasTheMutexAgainBeforeAnExceptionPasses) {
  Mutex mutex;
  ConditionVariable changed;
  std::vector<const char*> order;
  auto waiter = Spawn([&] {
    std::unique_lock lock(mutex);
    try {
      changed.Wait(lock);
    } catch (const GreenExit&) {
      EXPECT_TRUE(mutex.HeldByCaller());
      order.push_back("killed");
      throw;
    }
  });
  Yield();
  mutex.Lock();
  waiter.Kill();
  Yield();
  order.push_back("unlock");
  mutex.Unlock();
  EXPECT_THROW(waiter.Wait(), GreenExit);
  EXPECT_THAT(order, ElementsAre(::testing::StrEq("unlock"),
                                 ::testing::StrEq("killed")));
  EXPECT_FALSE(mutex.Locked());
}

// One exception may be on its way when the next one comes.
TEST(ConditionVariable, HasTheMutexAgainThoughItIsThrownAtTwice) {
  InSimulatedTime([](SimulatedTime&) {
    Mutex mutex;
    ConditionVariable changed;
    std::vector<const char*> order;
    auto waiter = Spawn([&] {
      std::unique_lock lock(mutex);
      try {
        const Timeout timeout(absl::Seconds(1));
        changed.Wait(lock);
      } catch (const TimeoutExpired&) {
        EXPECT_TRUE(mutex.HeldByCaller());
        order.push_back("timed out");
      }
      Yield();
      order.push_back("not reached");
    });
    Yield();
    mutex.Lock();
    Sleep(absl::Seconds(2));
    waiter.Kill();
    Sleep(absl::Seconds(2));
    EXPECT_THAT(order, ElementsAre());
    mutex.Unlock();
    EXPECT_THROW(waiter.Wait(), GreenExit);
    EXPECT_THAT(order, ElementsAre(::testing::StrEq("timed out")));
    EXPECT_FALSE(mutex.Locked());
  });
}

TEST(ConditionVariable, HasTheMutexAgainThoughTheHubIsStopped) {
  InSimulatedTime([](SimulatedTime&) {
    Mutex mutex;
    ConditionVariable changed;
    std::unique_lock lock(mutex);
    SpawnN([&] {
      const std::lock_guard mine(mutex);
      changed.NotifyOne();
      Yield();
      Hub::Current().Stop();
      Sleep(absl::Seconds(1));
    });
    changed.Wait(lock);
    EXPECT_TRUE(mutex.HeldByCaller());
    EXPECT_THROW(Sleep(absl::Seconds(1)), HubStopped);
    Sleep(absl::Seconds(1));
  });
}

TEST(ConditionVariable, UnwindsWithItsHub) {
  Mutex mutex;
  ConditionVariable changed;
  int unwound = 0;
  OnFreshThread([&] {
    for (int i = 0; i < 3; ++i) {
      SpawnN([&] {
        std::unique_lock lock(mutex);
        try {
          changed.Wait(lock);
        } catch (const GreenExit&) {
          ++unwound;
          throw;
        }
      });
    }
    Yield();
  });
  EXPECT_EQ(unwound, 3);
  EXPECT_FALSE(mutex.Locked());
}

}  // namespace
}  // namespace green
