// Calls that a full pool's own green thread makes then and there: what is
// thrown meanwhile, and whom it is meant for.
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "green/event.h"
#include "green/green_pile.h"
#include "green/green_pool.h"
#include "green/green_thread.h"
#include "green/timeout.h"
#include "gtest/gtest.h"
#include "runtime/hub_testing.h"

namespace green {
namespace {

void WaitForEver() { Sleep(absl::InfiniteDuration()); }

// Runs `body` in a green thread of `pool`, which is full then.
template <typename Body>
auto Fill(GreenPool& pool, Body body) {
  pool.Resize(1);
  auto thread = pool.Spawn(body);
  Yield();
  return thread;
}

TEST(CallInPlace, AKillGoesOnToTheCaller) {
  InSimulatedTime([](SimulatedTime&) {
    GreenPool pool;
    bool went_on = false;
    auto caller = Fill(pool, [&] {
      auto inner = pool.Spawn(WaitForEver);
      went_on = true;
    });
    caller.Kill();
    EXPECT_TRUE(caller.Finished());
    EXPECT_FALSE(went_on);
    EXPECT_THROW(caller.Wait(), GreenExit);
    EXPECT_EQ(pool.Free(), 1);
  });
}

TEST(CallInPlace, AKillGoesOnToTheCallerThatWantsNoHandle) {
  InSimulatedTime([](SimulatedTime&) {
    GreenPool pool;
    auto caller = Fill(pool, [&] {
      pool.SpawnN(WaitForEver);
      ADD_FAILURE() << "was to end";
    });
    testing::internal::CaptureStderr();
    caller.Kill(std::make_exception_ptr(std::runtime_error("why")));
    EXPECT_THROW(caller.Wait(), std::runtime_error);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  });
}

TEST(CallInPlace, AKillGoesOnThroughOneWithinTheOther) {
  InSimulatedTime([](SimulatedTime&) {
    GreenPool pool;
    int unwound = 0;
    struct Unwinds {
      explicit Unwinds(int& its_count) : count(its_count) {}
      ~Unwinds() { ++count; }
      int& count;
    };
    auto caller = Fill(pool, [&] {
      const Unwinds outermost(unwound);
      pool.SpawnN([&] {
        const Unwinds middle(unwound);
        pool.SpawnN([&] {
          const Unwinds innermost(unwound);
          WaitForEver();
        });
        ADD_FAILURE() << "was to end";
      });
      ADD_FAILURE() << "was to end";
    });
    caller.Kill();
    EXPECT_EQ(unwound, 3);
    EXPECT_THROW(caller.Wait(), GreenExit);
  });
}

TEST(CallInPlace, OneThatKillsItsCallerEndsIt) {
  GreenPool pool(1);
  std::optional<GreenThread<void>> caller;
  caller = pool.Spawn([&] {
    pool.SpawnN([&] { caller->Kill(); });
    ADD_FAILURE() << "was to end";
  });
  EXPECT_THROW(caller->Wait(), GreenExit);
}

TEST(CallInPlace, ALimitThatWasSetBeforeGoesOnToTheCaller) {
  InSimulatedTime([](SimulatedTime&) {
    GreenPool pool;
    auto caller = Fill(pool, [&] {
      const Timeout limit(absl::Seconds(1));
      try {
        pool.SpawnN(WaitForEver);
      } catch (const TimeoutExpired& expired) {
        return expired.Of(limit);
      }
      return false;
    });
    EXPECT_TRUE(caller.Wait());
  });
}

TEST(CallInPlace, ALimitThatWasSetInsideIsItsOwn) {
  InSimulatedTime([](SimulatedTime&) {
    GreenPool pool;
    auto caller = Fill(pool, [&] {
      auto inner = pool.Spawn([] {
        const Timeout limit(absl::Seconds(1));
        WaitForEver();
      });
      EXPECT_THROW(inner.Wait(), TimeoutExpired);
      return true;
    });
    EXPECT_TRUE(caller.Wait());
  });
}

TEST(CallInPlace, ALimitGoesOnOnlyToTheOneThatSetIt) {
  InSimulatedTime([](SimulatedTime&) {
    GreenPool pool;
    auto caller = Fill(pool, [&] {
      auto middle = pool.Spawn([&] {
        const Timeout limit(absl::Seconds(1));
        pool.SpawnN(WaitForEver);
        ADD_FAILURE() << "was to end";
      });
      EXPECT_THROW(middle.Wait(), TimeoutExpired);
      return true;
    });
    EXPECT_TRUE(caller.Wait());
  });
}

TEST(CallInPlace, WhatItThrowsIsItsOwn) {
  GreenPool pool(1);
  auto caller = pool.Spawn([&] {
    auto inner = pool.Spawn([] { throw std::runtime_error("boom"); });
    EXPECT_THROW(inner.Wait(), std::runtime_error);
    auto exits = pool.Spawn([] { throw GreenExit(); });
    EXPECT_THROW(exits.Wait(), GreenExit);
    return true;
  });
  EXPECT_TRUE(caller.Wait());
}

TEST(CallInPlace, WhatItSurvivesGoesNoFurther) {
  InSimulatedTime([](SimulatedTime&) {
    GreenPool pool;
    auto caller = Fill(pool, [&] {
      auto inner = pool.Spawn([] {
        try {
          WaitForEver();
        } catch (const GreenExit&) {
        }
        return 5;
      });
      return inner.Wait();
    });
    caller.Kill();
    EXPECT_EQ(caller.Wait(), 5);
  });
}

TEST(CallInPlace, WhatItRethrowsAfterAnotherLimitGoesOn) {
  InSimulatedTime([](SimulatedTime&) {
    GreenPool pool;
    auto caller = Fill(pool, [&] {
      pool.SpawnN([] {
        try {
          WaitForEver();
        } catch (const GreenExit&) {
          try {
            const Timeout limit(absl::Seconds(1));
            WaitForEver();
          } catch (const TimeoutExpired&) {
          }
          throw;
        }
      });
      ADD_FAILURE() << "was to end";
    });
    caller.Kill();
    EXPECT_THROW(caller.Wait(), GreenExit);
  });
}

TEST(CallInPlace, EachThatWasThrownFromOutsideMayGoOn) {
  InSimulatedTime([](SimulatedTime&) {
    GreenPool pool;
    auto caller = Fill(pool, [&] {
      const Timeout limit(absl::Seconds(1));
      pool.SpawnN([] {
        try {
          WaitForEver();
        } catch (const GreenExit&) {
          EXPECT_THROW(WaitForEver(), TimeoutExpired);
          throw;
        }
      });
      ADD_FAILURE() << "was to end";
    });
    caller.Kill();
    EXPECT_THROW(caller.Wait(), GreenExit);
  });
}

TEST(CallInPlace, AKillThatItDoesNotMeetIsMetByItsCaller) {
  InSimulatedTime([](SimulatedTime&) {
    GreenPool pool;
    Event<void> event;
    bool returned = false;
    auto caller = Fill(pool, [&] {
      auto inner = pool.Spawn([&] {
        event.Wait();
        return 5;
      });
      returned = inner.Wait() == 5;
      Yield();
      ADD_FAILURE() << "was to end";
    });
    event.Send();
    caller.Kill();
    EXPECT_TRUE(returned);
    EXPECT_THROW(caller.Wait(), GreenExit);
  });
}

TEST(CallInPlace, IsUnwoundWithItsCallerWhenTheHubGoes) {
  const auto held = std::make_shared<int>();
  bool went_on = false;
  GreenPool* pool = nullptr;
  OnFreshThread([&] {
    pool = new GreenPool(1);
    pool->SpawnN([&] {
      pool->SpawnN([held] { WaitForEver(); });
      went_on = true;
    });
    Yield();
    EXPECT_GT(held.use_count(), 1);
  });
  delete pool;
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_FALSE(went_on);
}

TEST(CallInPlace, OfAPileThatIsEndedLeavesNothingToTake) {
  InSimulatedTime([](SimulatedTime&) {
    GreenPool pool;
    GreenPile<void> pile(pool);
    auto caller = Fill(pool, [&] { pile.Spawn(WaitForEver); });
    caller.Kill();
    EXPECT_FALSE(pile.Next().has_value());
  });
}

}  // namespace
}  // namespace green
