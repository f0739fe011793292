#include "green/resource_pool.h"

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "green/debug.h"
#include "green/green_pool.h"
#include "green/green_thread.h"
#include "green/hub.h"
#include "green/timeout.h"
#include "gtest/gtest.h"
#include "runtime/hub_testing.h"

namespace green {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Makes 1, 2 and so on.
std::function<int()> Counting() {
  return [last = 0]() mutable { return ++last; };
}

TEST(ResourcePool, MakesItemsAsTheyAreNeeded) {
  int made = 0;
  Pool<int> pool([&] { return ++made; });
  for (int i = 1; i <= 4; ++i) {
    EXPECT_EQ(pool.Get(), i);
    EXPECT_EQ(made, i);
  }
}

TEST(ResourcePool, CountsWhatIsFree) {
  Pool<int> pool(Counting());
  EXPECT_EQ(pool.Free(), 4);
  const int item = pool.Get();
  EXPECT_EQ(pool.Free(), 3);
  pool.Put(item);
  EXPECT_EQ(pool.Free(), 4);
}

TEST(ResourcePool, GetWaitsWhileAllAreInUse) {
  Pool<int> pool(Counting());
  auto getter = Spawn([&] { return pool.Get(); });
  const int one = pool.Get();
  for (int i = 0; i < 3; ++i) pool.Get();
  EXPECT_EQ(pool.Free(), 0);
  Yield();
  EXPECT_FALSE(getter.Finished());
  pool.Put(one);
  EXPECT_EQ(getter.Wait(), one);
  EXPECT_EQ(pool.Free(), 0);
}

TEST(ResourcePool, CountsWhoWaits) {
  Pool<int> pool(Counting());
  auto greedy = Spawn([&] {
    for (int i = 0; i < 4; ++i) pool.Get();
    EXPECT_EQ(pool.Waiting(), 0);
    pool.Get();
    ADD_FAILURE() << "there is no fifth";
  });
  EXPECT_EQ(pool.Waiting(), 0);
  Yield();
  EXPECT_EQ(pool.Waiting(), 1);
  greedy.Kill();
  EXPECT_EQ(pool.Waiting(), 0);
}

TEST(ResourcePool, GivesWhatWasKeptLongest) {
  Pool<int> pool(Counting());
  const int one = pool.Get();
  const int two = pool.Get();
  pool.Put(one);
  pool.Put(two);
  EXPECT_EQ(pool.Get(), one);
  EXPECT_EQ(pool.Get(), two);
}

TEST(ResourcePool, AsAStackGivesWhatWasPutBackLast) {
  Pool<int> pool(Counting(), {.max_size = 3, .order_as_stack = true});
  const int one = pool.Get();
  const int two = pool.Get();
  pool.Put(one);
  pool.Put(two);
  EXPECT_EQ(pool.Get(), two);
  EXPECT_EQ(pool.Get(), one);
}

TEST(ResourcePool, PutDoesNotWait) {
  Pool<int> pool(Counting(), {.max_size = 2});
  std::vector<int> put;
  for (int i = 0; i < 3; ++i) {
    SpawnN(
        [&, i](int item) {
          pool.Put(item);
          put.push_back(i);
        },
        pool.Get());
  }
  while (put.size() < 3) Yield();
  EXPECT_EQ(pool.Free(), 2);
}

TEST(ResourcePool, ShrinkingDropsWhatIsPutBackTooMuch) {
  Pool<std::shared_ptr<int>> pool([] { return std::make_shared<int>(); },
                                  {.max_size = 2});
  const auto a = pool.Get();
  const auto b = pool.Get();
  EXPECT_EQ(pool.Free(), 0);
  pool.Resize(1);
  EXPECT_EQ(pool.Free(), -1);
  pool.Put(a);
  pool.Put(b);
  EXPECT_EQ(a.use_count(), 1);
  EXPECT_EQ(b.use_count(), 2);
  EXPECT_EQ(pool.Free(), 1);
  pool.Resize(2);
  EXPECT_EQ(pool.Free(), 2);
}

TEST(ResourcePool, ShrinkingDropsWhatIsKeptTooMuch) {
  const auto item = std::make_shared<int>();
  Pool<std::shared_ptr<int>> pool([&] { return item; },
                                  {.min_size = 3, .max_size = 3});
  EXPECT_EQ(item.use_count(), 4);
  pool.Resize(1);
  EXPECT_EQ(item.use_count(), 2);
  EXPECT_EQ(pool.Free(), 1);
}

TEST(ResourcePool, GrowingLetsInWhoWaits) {
  Pool<int> pool(Counting(), {.max_size = 0});
  std::vector<GreenThread<int>> getters;
  for (int i = 0; i < 3; ++i) {
    getters.push_back(Spawn([&] { return pool.Get(); }));
  }
  Yield();
  EXPECT_EQ(pool.Waiting(), 3);
  pool.Resize(2);
  EXPECT_EQ(pool.Waiting(), 1);
  EXPECT_EQ(getters[0].Wait(), 1);
  EXPECT_EQ(getters[1].Wait(), 2);
  pool.Put(1);
  EXPECT_EQ(getters[2].Wait(), 1);
}

TEST(ResourcePool, MakesNoMoreThanItsSizeThoughMakingWaits) {
  int made = 0;
  Pool<std::string> pool([&] {
    ++made;
    Yield();
    return "slept";
  });
  GreenPool threads;
  for (int i = 0; i < 100; ++i) {
    threads.SpawnN([&] {
      std::string item = pool.Get();
      EXPECT_EQ(item, "slept");
      pool.Put(std::move(item));
    });
  }
  threads.WaitAll();
  EXPECT_EQ(made, 4);
  EXPECT_EQ(pool.Free(), 4);
}

TEST(ResourcePool, PassesOverGettersThatGaveUp) {
  InSimulatedTime([](SimulatedTime&) {
    Pool<int> pool(Counting(), {.max_size = 2});
    pool.Get();
    pool.Get();
    int gave_up = 0;
    for (int i = 0; i < 5; ++i) {
      SpawnN([&] {
        const Timeout limit(absl::Milliseconds(1));
        try {
          pool.Get();
        } catch (const TimeoutExpired&) {
          ++gave_up;
        }
      });
    }
    Sleep(absl::Milliseconds(1));
    pool.Put(0);
    EXPECT_EQ(pool.Free(), 1);
    Sleep(absl::Milliseconds(1));
    EXPECT_EQ(gave_up, 5);
    EXPECT_EQ(pool.Get(), 0);
  });
}

TEST(ResourcePool, PutWakesExactlyOne) {
  Pool<int> pool(Counting(), {.max_size = 2});
  pool.Get();
  pool.Get();
  std::vector<int> got;
  for (int i = 0; i < 3; ++i) {
    SpawnN([&] { got.push_back(pool.Get()); });
  }
  Yield();
  pool.Put(1);
  EXPECT_EQ(pool.Waiting(), 2);
  Yield();
  EXPECT_THAT(got, ElementsAre(1));
  pool.Put(2);
  Yield();
  EXPECT_THAT(got, ElementsAre(1, 2));
  pool.Put(1);
  Yield();
}

TEST(ResourcePool, AnItemIsForTheOneThatWaitedThoughItIsKilledThen) {
  Pool<int> pool(Counting(), {.max_size = 1});
  const int item = pool.Get();
  auto getter = Spawn([&] { auto mine = pool.Item(); });
  Yield();
  pool.Put(item);
  EXPECT_EQ(pool.Free(), 0);
  getter.Kill();
  EXPECT_EQ(pool.Free(), 1);
  EXPECT_EQ(pool.Get(), item);
}

TEST(ResourcePool, AKeptItemIsMadeAtOnceWhenWanted) {
  Pool<int> pool(Counting(), {.min_size = 3, .max_size = 3});
  EXPECT_EQ(pool.Get(), 1);
  EXPECT_EQ(pool.Free(), 2);
}

TEST(ResourcePool, ThrowsWhatMakingThrowsAndKeepsThePlace) {
  Pool<int> pool([]() -> int { throw std::runtime_error("boom"); },
                 {.max_size = 3});
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(pool.Free(), 3);
    EXPECT_THROW(pool.Get(), std::runtime_error);
    EXPECT_THROW(static_cast<void>(pool.Item()), std::runtime_error);
  }
  EXPECT_EQ(pool.Free(), 3);
  const auto make_with_items = [] {
    const Pool<int> unmade([]() -> int { throw std::runtime_error("boom"); },
                           {.min_size = 1});
  };
  EXPECT_THROW(make_with_items(), std::runtime_error);
}

TEST(ResourcePool, WhenMakingThrowsTheNextInLineMakesOne) {
  int made = 0;
  Pool<int> pool(
      [&] {
        Yield();
        if (++made < 3) throw std::runtime_error("boom");
        return made;
      },
      {.max_size = 1});
  std::vector<GreenThread<int>> getters;
  for (int i = 0; i < 4; ++i) {
    getters.push_back(Spawn([&] {
      const int item = pool.Get();
      pool.Put(item);
      return item;
    }));
  }
  EXPECT_THROW(getters[0].Wait(), std::runtime_error);
  EXPECT_THROW(getters[1].Wait(), std::runtime_error);
  EXPECT_EQ(getters[2].Wait(), 3);
  EXPECT_EQ(getters[3].Wait(), 3);
  EXPECT_EQ(pool.Free(), 1);
}

TEST(ResourcePool, OneThatIsKilledWhileItMakesLosesNoPlace) {
  InSimulatedTime([](SimulatedTime&) {
    bool slow = true;
    Pool<int> pool(
        [&] {
          if (slow) Sleep(absl::InfiniteDuration());
          return 5;
        },
        {.max_size = 1});
    auto maker = Spawn([&] { pool.Get(); });
    Yield();
    auto next = Spawn([&] { return pool.Get(); });
    Yield();
    EXPECT_EQ(pool.Waiting(), 1);
    slow = false;
    maker.Kill();
    EXPECT_EQ(next.Wait(), 5);
  });
}

TEST(ResourcePool, AnItemIsPutBackHoweverItsScopeIsLeft) {
  Pool<std::unique_ptr<int>> pool([] { return std::make_unique<int>(5); },
                                  {.max_size = 1});
  {
    auto item = pool.Item();
    EXPECT_EQ(**item, 5);
    EXPECT_EQ(*item->get(), 5);
    **item = 6;
    EXPECT_EQ(pool.Free(), 0);
  }
  EXPECT_EQ(pool.Free(), 1);
  const auto leave = [&] {
    auto item = pool.Item();
    EXPECT_EQ(**item, 6);
    throw std::runtime_error("boom");
  };
  EXPECT_THROW(leave(), std::runtime_error);
  EXPECT_EQ(pool.Free(), 1);
}

TEST(ResourcePool, MayGoBeforeItsItems) {
  const auto held = std::make_shared<int>();
  std::optional<Pool<std::shared_ptr<int>>> pool(
      std::in_place, [&] { return held; },
      PoolOptions{.min_size = 2, .max_size = 2});
  EXPECT_EQ(held.use_count(), 3);
  {
    auto item = pool->Item();
    pool.reset();
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST(ResourcePool, MayGoWhileSomeWaitOrMake) {
  InSimulatedTime([](SimulatedTime&) {
    auto pool = std::make_unique<Pool<int>>(
        []() -> int {
          Sleep(absl::Seconds(1));
          throw std::runtime_error("boom");
        },
        PoolOptions{.max_size = 1});
    auto maker = Spawn([&] { pool->Get(); });
    Yield();
    auto getter = Spawn([&] {
      const Timeout limit(absl::Milliseconds(1));
      pool->Get();
    });
    Yield();
    pool.reset();
    EXPECT_THROW(getter.Wait(), TimeoutExpired);
    EXPECT_THROW(maker.Wait(), std::runtime_error);
  });
}

TEST(ResourcePool, SaysWhatItsGettersWaitFor) {
  Pool<int> pool(Counting(), {.max_size = 0});
  auto getter = Spawn([&] { pool.Get(); });
  Yield();
  testing::internal::CaptureStderr();
  debug::DumpHub();
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("waits for a resource at 0x"));
  getter.Kill();
}

TEST(ResourcePool, MayBePutIntoInACallback) {
  InSimulatedTime([](SimulatedTime&) {
    Pool<int> pool(Counting(), {.max_size = 1});
    const int item = pool.Get();
    Hub::Current().CallAfter(absl::Seconds(1), [&] { pool.Put(item); });
    EXPECT_EQ(pool.Get(), item);
  });
}

TEST(ResourcePool, RefusesWhatMakesNoSense) {
  EXPECT_THROW(Pool<int>(nullptr), std::invalid_argument);
  EXPECT_THROW(Pool<int>(Counting(), {.max_size = -1}), std::invalid_argument);
  EXPECT_THROW(Pool<int>(Counting(), {.min_size = -1}), std::invalid_argument);
  EXPECT_THROW(Pool<int>(Counting(), {.min_size = 5}), std::invalid_argument);
  Pool<int> pool(Counting());
  EXPECT_THROW(pool.Resize(-1), std::invalid_argument);
  EXPECT_THROW(pool.Put(5), std::logic_error);
  EXPECT_EQ(pool.Free(), 4);
}

TEST(TokenPool, GivesTokensThatDiffer) {
  TokenPool pool(2);
  const Token one = pool.Get();
  Token two = pool.Get();
  EXPECT_NE(one, two);
  EXPECT_EQ(pool.Free(), 0);
  pool.Put(two);
  EXPECT_EQ(pool.Get(), two);
}

// So many green threads, some waiting for a place in the one pool, some for an
// item of the other.
void RunThroughBoth(int items, int places, int calls) {
  Pool<int> pool(Counting(), {.max_size = items});
  GreenPool threads(places);
  int ended = 0;
  for (int i = 0; i < calls; ++i) {
    threads.SpawnN([&] {
      auto item = pool.Item();
      EXPECT_LE(*item, items);
      Sleep(absl::Microseconds(100));
      ++ended;
    });
  }
  threads.WaitAll();
  EXPECT_EQ(ended, calls);
  EXPECT_EQ(pool.Free(), items);
}

TEST(ResourcePoolStress, WorksWithinAGreenPool) {
  InSimulatedTime([](SimulatedTime&) {
    RunThroughBoth(4, 7, 7);
    RunThroughBoth(50, 75, 100);
    for (const int items : {10, 20, 30, 40, 50}) {
      for (const int places : {5, 25, 35, 50}) {
        RunThroughBoth(items, places, places);
      }
    }
  });
}

}  // namespace
}  // namespace green
