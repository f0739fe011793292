#include "green/semaphore.h"

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "green/green_thread.h"
#include "green/hub.h"
#include "green/timeout.h"
#include "gtest/gtest.h"
#include "runtime/hub_testing.h"

namespace green {
namespace {

using ::testing::ElementsAre;

TEST(CappedSemaphore, ReleaseWaitsAtTheLimit) {
  CappedSemaphore semaphore(2, 3);
  semaphore.Acquire();
  semaphore.Acquire();
  auto releaser = Spawn([&] { semaphore.Release(); });
  semaphore.Acquire();
  EXPECT_EQ(semaphore.Balance(), -3);
  semaphore.Release();
  semaphore.Release();
  semaphore.Release();
  EXPECT_TRUE(semaphore.Bounded());
  auto acquirer = Spawn([&] { semaphore.Acquire(); });
  semaphore.Release();
  EXPECT_EQ(semaphore.Balance(), 3);
  releaser.Wait();
  acquirer.Wait();
}

TEST(CappedSemaphore, MeetsAtALimitOfZero) {
  CappedSemaphore semaphore(0, 0);
  auto acquirer = Spawn([&] { semaphore.Acquire(); });
  semaphore.Release();
  acquirer.Wait();
  auto releaser = Spawn([&] { semaphore.Release(); });
  semaphore.Acquire();
  releaser.Wait();
}

TEST(CappedSemaphore, CountsWhoWaitsTwice) {
  CappedSemaphore semaphore(0, 2);
  auto first = Spawn([&] { semaphore.Acquire(); });
  auto second = Spawn([&] { semaphore.Acquire(); });
  Yield();
  EXPECT_EQ(semaphore.Balance(), -2 - 2 * 2);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(semaphore.TryRelease());
  EXPECT_FALSE(semaphore.TryRelease());
  auto third = Spawn([&] { semaphore.Release(); });
  Yield();
  EXPECT_EQ(semaphore.Balance(), 2 + 2);
  EXPECT_FALSE(semaphore.Locked());
}

TEST(CappedSemaphore, WaitsInBothDirectionsNoLongerThanItMay) {
  InSimulatedTime([](SimulatedTime& time) {
    CappedSemaphore semaphore(1, 1);
    EXPECT_FALSE(semaphore.Release(absl::Milliseconds(100)));
    EXPECT_TRUE(semaphore.Acquire(absl::Milliseconds(100)));
    EXPECT_FALSE(semaphore.Acquire(absl::Milliseconds(100)));
    EXPECT_EQ(time.clock.Read().now_ns, 200'000'000);
    EXPECT_EQ(semaphore.Balance(), -1);
    EXPECT_TRUE(semaphore.Release(absl::Milliseconds(100)));
    EXPECT_EQ(semaphore.Balance(), 1);
  });
}

TEST(CappedSemaphore, RefusesACountAboveTheLimit) {
  EXPECT_THROW(CappedSemaphore(2, 1), std::invalid_argument);
  EXPECT_THROW(CappedSemaphore(-1, 1), std::invalid_argument);
  EXPECT_THROW(CappedSemaphore(0, -1), std::invalid_argument);
}

TEST(Semaphore, TryAcquireDoesNotWait) {
  Semaphore semaphore(0);
  EXPECT_FALSE(semaphore.TryAcquire());
  semaphore.Release();
  EXPECT_TRUE(semaphore.TryAcquire());
  EXPECT_FALSE(semaphore.TryAcquire());
}

TEST(Semaphore, AcquireGivesUpWhenTheTimeHasPassed) {
  InSimulatedTime([](SimulatedTime& time) {
    Semaphore semaphore(0);
    EXPECT_FALSE(semaphore.Acquire(absl::Milliseconds(100)));
    EXPECT_EQ(time.clock.Read().now_ns, 100'000'000);
    semaphore.Release();
    EXPECT_TRUE(semaphore.Acquire(absl::Milliseconds(100)));
    EXPECT_EQ(time.clock.Read().now_ns, 100'000'000);
  });
}

TEST(Semaphore, RefusesANegativeTimeout) {
  Semaphore semaphore;
  EXPECT_THROW(semaphore.Acquire(-absl::Seconds(1)), std::invalid_argument);
  EXPECT_EQ(semaphore.Balance(), 1);
}

TEST(Semaphore, ContendersTakeTurns) {
  InSimulatedTime([](SimulatedTime&) {
    Semaphore semaphore;
    int counts[2] = {0, 0};
    std::vector<GreenThread<void>> workers;
    for (int& count : counts) {
      workers.push_back(Spawn([&] {
        for (;;) {
          const ScopedAcquire held(semaphore);
          ++count;
          Sleep(absl::Milliseconds(1));
        }
      }));
    }
    Sleep(absl::Milliseconds(500));
    for (auto& worker : workers) worker.Kill();
    EXPECT_GE(counts[0] + counts[1], 499);
    EXPECT_LE(std::abs(counts[0] - counts[1]), 1);
  });
}

TEST(Semaphore, RefusesANegativeCount) {
  EXPECT_NO_THROW(Semaphore(0));
  EXPECT_NO_THROW(Semaphore(1));
  EXPECT_THROW(Semaphore(-1), std::invalid_argument);
  EXPECT_THROW(BoundedSemaphore(-1), std::invalid_argument);
}

TEST(Semaphore, BalanceCountsWhoWaits) {
  Semaphore semaphore(1);
  EXPECT_EQ(semaphore.Balance(), 1);
  EXPECT_FALSE(semaphore.Locked());
  semaphore.Acquire();
  EXPECT_EQ(semaphore.Balance(), 0);
  EXPECT_TRUE(semaphore.Locked());
  for (int i = 0; i < 2; ++i) SpawnN([&] { semaphore.Acquire(); });
  Yield();
  EXPECT_EQ(semaphore.Balance(), -2);
  semaphore.Release();
  EXPECT_EQ(semaphore.Balance(), -1);
}

TEST(Semaphore, ServesInOrderAndNobodyOvertakes) {
  Semaphore semaphore(0);
  std::vector<int> order;
  for (int i = 0; i < 3; ++i) {
    SpawnN([&, i] {
      semaphore.Acquire();
      order.push_back(i);
    });
  }
  Yield();
  for (int i = 0; i < 3; ++i) semaphore.Release();
  EXPECT_FALSE(semaphore.TryAcquire());
  Yield();
  EXPECT_THAT(order, ElementsAre(0, 1, 2));
}

TEST(Semaphore, WhoIsKilledWhileItWaitsTakesNothing) {
  Semaphore semaphore(0);
  auto waiter = Spawn([&] { semaphore.Acquire(); });
  Yield();
  waiter.Kill();
  EXPECT_EQ(semaphore.Balance(), 0);
  semaphore.Release();
  EXPECT_TRUE(semaphore.TryAcquire());
}

TEST(Semaphore, WhoIsKilledAfterItsTurnCameGivesItBack) {
  Semaphore semaphore(0);
  auto waiter = Spawn([&] {
    const ScopedAcquire held(semaphore);
    Yield();
  });
  Yield();
  semaphore.Release();
  waiter.Kill();
  EXPECT_THROW(waiter.Wait(), GreenExit);
  EXPECT_EQ(semaphore.Balance(), 1);
}

TEST(Semaphore, ReleasesFromACallback) {
  InSimulatedTime([](SimulatedTime&) {
    Semaphore semaphore(0);
    Hub::Current().CallAfter(absl::Seconds(1), [&] { semaphore.Release(); });
    semaphore.Acquire();
  });
}

TEST(Semaphore, MayGoBeforeThoseWhoWait) {
  InSimulatedTime([](SimulatedTime&) {
    auto semaphore = std::make_unique<Semaphore>(0);
    auto waiter = Spawn([&] { return semaphore->Acquire(absl::Seconds(1)); });
    Yield();
    semaphore.reset();
    EXPECT_FALSE(waiter.Wait());
  });
}

TEST(BoundedSemaphore, RefusesToBeReleasedTooOften) {
  BoundedSemaphore semaphore(2);
  EXPECT_THROW(semaphore.Release(), std::logic_error);
  {
    const ScopedAcquire held(semaphore);
    EXPECT_EQ(semaphore.Balance(), 1);
  }
  EXPECT_THROW(semaphore.Release(), std::logic_error);
  EXPECT_EQ(semaphore.Balance(), 2);
  EXPECT_TRUE(semaphore.Acquire(absl::ZeroDuration()));
  EXPECT_TRUE(semaphore.TryAcquire());
  EXPECT_TRUE(semaphore.Locked());
}

}  // namespace
}  // namespace green
