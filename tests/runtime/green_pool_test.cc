#include "green/green_pool.h"

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "green/event.h"
#include "green/green_thread.h"
#include "green/hub.h"
#include "green/resource_pool.h"
#include "green/timeout.h"
#include "gtest/gtest.h"
#include "runtime/hub_testing.h"

namespace green {
namespace {

using ::testing::ElementsAre;

TEST(GreenPool, GivesResultsInOrder) {
  GreenPool pool(4);
  std::vector<GreenThread<int>> threads;
  for (int i = 0; i < 10; ++i) {
    threads.push_back(pool.Spawn([i] {
      Yield();
      return i;
    }));
  }
  for (int i = 0; i < 10; ++i) EXPECT_EQ(threads[i].Wait(), i);
}

TEST(GreenPool, WaitAllWaitsForAll) {
  GreenPool pool(2);
  int ended = 0;
  for (int i = 0; i < 5; ++i) {
    pool.SpawnN([&] {
      Sleep(absl::Microseconds(10));
      ++ended;
    });
  }
  pool.WaitAll();
  EXPECT_EQ(ended, 5);
  EXPECT_EQ(pool.Running(), 0);
  EXPECT_EQ(pool.Free(), 2);
}

TEST(GreenPool, WaitAllOnNothingReturns) {
  GreenPool pool;
  pool.WaitAll();
}

TEST(GreenPool, RunsAtMostItsSizeAtATime) {
  GreenPool pool(3);
  int at_once = 0;
  int most = 0;
  for (int i = 0; i < 20; ++i) {
    pool.SpawnN([&] {
      most = std::max(most, ++at_once);
      Yield();
      --at_once;
    });
  }
  pool.WaitAll();
  EXPECT_EQ(most, 3);
}

TEST(GreenPool, CountsRunningAndWaiting) {
  InSimulatedTime([](SimulatedTime&) {
    GreenPool pool(1);
    pool.SpawnN([] { Sleep(absl::Seconds(1)); });
    EXPECT_EQ(pool.Running(), 1);
    EXPECT_EQ(pool.Free(), 0);
    SpawnN([&] { pool.SpawnN([] { Sleep(absl::Seconds(1)); }); });
    Yield();
    EXPECT_EQ(pool.Waiting(), 1);
    Sleep(absl::Milliseconds(1500));
    EXPECT_EQ(pool.Waiting(), 0);
    EXPECT_EQ(pool.Running(), 1);
    pool.WaitAll();
    EXPECT_EQ(pool.Running(), 0);
  });
}

TEST(GreenPool, SpawningFromInsideAFullPoolCallsThenAndThere) {
  GreenPool pool(1);
  std::vector<std::string> order;
  pool.SpawnN([&] {
    order.push_back("outer begins");
    auto inner = pool.Spawn([&] {
      order.push_back("inner");
      return 5;
    });
    EXPECT_TRUE(inner.Finished());
    EXPECT_EQ(inner.Wait(), 5);
    order.push_back("outer ends");
  });
  pool.WaitAll();
  EXPECT_THAT(order, ElementsAre("outer begins", "inner", "outer ends"));
}

TEST(GreenPool, WaitAllFromInsideIsRefused) {
  GreenPool pool(2);
  auto thread = pool.Spawn([&] { pool.WaitAll(); });
  EXPECT_THROW(thread.Wait(), std::logic_error);
}

TEST(GreenPool, AnExceptionFreesThePlace) {
  GreenPool pool(1);
  auto thread = pool.Spawn([]() -> int { throw std::runtime_error("boom"); });
  EXPECT_THROW(thread.Wait(), std::runtime_error);
  EXPECT_EQ(pool.Free(), 1);
  EXPECT_EQ(pool.Spawn([] { return 1; }).Wait(), 1);
}

TEST(GreenPool, GrowingLetsWaitingSpawnersIn) {
  GreenPool pool(0);
  int ended = 0;
  for (int i = 0; i < 3; ++i) {
    SpawnN([&] { pool.SpawnN([&] { ++ended; }); });
  }
  Yield();
  EXPECT_EQ(pool.Waiting(), 3);
  pool.Resize(2);
  while (ended < 3) Yield();
  EXPECT_EQ(pool.Waiting(), 0);
}

TEST(GreenPool, ShrinkingEndsNobody) {
  GreenPool pool(3);
  for (int i = 0; i < 3; ++i) pool.SpawnN([] { Yield(); });
  pool.Resize(1);
  EXPECT_EQ(pool.Running(), 3);
  EXPECT_EQ(pool.Free(), -2);
  pool.WaitAll();
  EXPECT_EQ(pool.Free(), 1);
}

TEST(GreenPool, RefusesANegativeSize) {
  EXPECT_THROW(GreenPool(-1), std::invalid_argument);
  GreenPool pool(1);
  EXPECT_THROW(pool.Resize(-1), std::invalid_argument);
  EXPECT_EQ(pool.Size(), 1);
}

TEST(GreenPool, MayGoBeforeItsGreenThreads) {
  auto pool = std::make_unique<GreenPool>(1);
  auto thread = pool->Spawn([] {
    Yield();
    return 3;
  });
  Yield();
  pool.reset();
  EXPECT_EQ(thread.Wait(), 3);
}

TEST(GreenPool, CountsSpawnersThatWait) {
  GreenPool pool(1);
  Event<void> done;
  std::vector<GreenThread<void>> spawners;
  for (int waiting : {0, 1, 2}) {
    spawners.push_back(Spawn([&] { pool.Spawn([&] { done.Wait(); }).Wait(); }));
    Yield();
    EXPECT_EQ(pool.Waiting(), waiting);
  }
  EXPECT_EQ(pool.Running(), 1);
  done.Send();
  for (auto& spawner : spawners) spawner.Wait();
  EXPECT_EQ(pool.Waiting(), 0);
  EXPECT_EQ(pool.Running(), 0);
}

TEST(GreenPool, RunsInTheOrderOfSpawning) {
  std::vector<std::string> order;
  Event<void> produced;
  GreenPool pool(2);
  auto consumer = pool.Spawn([&] {
    order.push_back("consumer waits");
    produced.Wait();
    order.push_back("consumer goes on");
  });
  pool.SpawnN([&] {
    order.push_back("producer");
    produced.Send();
  });
  consumer.Wait();
  EXPECT_THAT(order,
              ElementsAre("consumer waits", "producer", "consumer goes on"));
}

// No more and no fewer spawns than `free` do without waiting.
void ExpectFree(GreenPool& pool, int free) {
  EXPECT_EQ(pool.Free(), free);
  Event<void> done;
  const auto wait = [&] { done.Wait(); };
  {
    const Timeout limit(absl::Seconds(1));
    for (int i = 0; i < free; ++i) pool.SpawnN(wait);
  }
  {
    const Timeout limit(absl::ZeroDuration());
    EXPECT_THROW(pool.SpawnN(wait), TimeoutExpired);
  }
  done.Send();
  Yield();
  Yield();
}

TEST(GreenPool, ResizingChangesHowManyMayRun) {
  InSimulatedTime([](SimulatedTime&) {
    GreenPool pool(2);
    Event<void> done;
    for (int i = 0; i < 2; ++i) pool.SpawnN([&] { done.Wait(); });
    EXPECT_EQ(pool.Running(), 2);
    ExpectFree(pool, 0);
    pool.Resize(1);
    done.Send();
    Yield();
    EXPECT_EQ(pool.Running(), 0);
    ExpectFree(pool, 1);
    pool.Resize(2);
    ExpectFree(pool, 2);
  });
}

TEST(GreenPool, HoweverACallEndsItsPlaceIsFree) {
  InSimulatedTime([](SimulatedTime&) {
    GreenPool pool(2);
    testing::internal::CaptureStderr();
    for (const bool is_exit : {false, true}) {
      for (const bool with_handle : {false, true}) {
        const auto raise = [is_exit] {
          if (is_exit) throw GreenExit();
          throw std::runtime_error("boom");
        };
        with_handle ? static_cast<void>(pool.Spawn(raise)) : pool.SpawnN(raise);
        ExpectFree(pool, 1);
        pool.WaitAll();
        ExpectFree(pool, 2);
      }
    }
    EXPECT_THAT(testing::internal::GetCapturedStderr(),
                testing::HasSubstr("boom"));
  });
}

TEST(GreenPool, SpawningIntoAFullOneLetsOthersRun) {
  GreenPool pool(2);
  std::vector<int> ran;
  const auto run = [&ran](int number) { ran.push_back(number); };
  auto first = pool.Spawn(run, 1);
  EXPECT_EQ(pool.Free(), 1);
  first.Wait();
  EXPECT_EQ(pool.Free(), 2);
  pool.SpawnN(run, 2);
  pool.SpawnN(run, 3);
  EXPECT_EQ(pool.Free(), 0);
  EXPECT_THAT(ran, ElementsAre(1));
  pool.SpawnN(run, 4);
  EXPECT_THAT(ran, ElementsAre(1, 2, 3));
  Yield();
  EXPECT_THAT(ran, ElementsAre(1, 2, 3, 4));
}

TEST(GreenPool, IsNotDisturbedByACallThatGaveUpWaiting) {
  InSimulatedTime([](SimulatedTime&) {
    GreenPool pool(1);
    Pool<std::string> things([] { return "first"; }, {.max_size = 1});
    const std::string first = things.Get();
    const auto give_up = [&] {
      return WithTimeoutOr(std::string("timed out"), absl::ZeroDuration(),
                           [&] { return things.Get(); });
    };
    EXPECT_EQ(pool.Spawn(give_up).Wait(), "timed out");
    SpawnN([&] { things.Put("second"); });
    EXPECT_EQ(pool.Spawn([] { return std::string("resumed"); }).Wait(),
              "resumed");
    EXPECT_EQ(things.Get(), "second");
  });
}

TEST(GreenPool, ASpawnerThatGivesUpTakesNoPlace) {
  InSimulatedTime([](SimulatedTime&) {
    GreenPool pool(1);
    pool.SpawnN([] { Sleep(absl::Seconds(1)); });
    auto killed = Spawn([&] { pool.SpawnN([] { FAIL(); }); });
    auto late = Spawn([&] {
      const Timeout limit(absl::Milliseconds(1));
      pool.SpawnN([] { FAIL(); });
    });
    Yield();
    EXPECT_EQ(pool.Waiting(), 2);
    killed.Kill();
    EXPECT_THROW(late.Wait(), TimeoutExpired);
    EXPECT_EQ(pool.Waiting(), 0);
    pool.WaitAll();
    EXPECT_EQ(pool.Free(), 1);
  });
}

TEST(GreenPool, RefusesAnotherThread) {
  GreenPool pool(1);
  OnFreshThread([&] { EXPECT_THROW(pool.SpawnN([] {}), std::logic_error); });
}

}  // namespace
}  // namespace green
