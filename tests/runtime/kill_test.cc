// How green threads are ended by others: Kill, Cancel, SpawnAfterLocal.
#include <exception>
#include <functional>
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
#include "gtest/gtest.h"
#include "runtime/hub_testing.h"

namespace green {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::exception_ptr Boom() {
  return std::make_exception_ptr(std::runtime_error("boom"));
}

TEST(Kill, OneThatHasNotBegunNeverDoes) {
  bool ran = false;
  auto thread = Spawn([&] { ran = true; });
  for (int i = 0; i < 2; ++i) {
    thread.Kill();
    EXPECT_TRUE(thread.Finished());
    EXPECT_THROW(thread.Wait(), GreenExit);
    Yield();
  }
  EXPECT_FALSE(ran);
}

TEST(Kill, OneThatIsDueLaterLeavesNoTimer) {
  InSimulatedTime([](SimulatedTime& time) {
    auto thread = SpawnAfter(absl::Hours(1), [] { return 1; });
    thread.Kill();
    EXPECT_EQ(Hub::Current().Stats().timers, 0u);
    EXPECT_EQ(Hub::Current().Stats().green_threads, 0u);
    EXPECT_THROW(thread.Wait(), GreenExit);
    EXPECT_EQ(time.clock.ticks(), 0);
  });
}

TEST(Kill, OneThatWaitsIsUnwoundBeforeItReturns) {
  InSimulatedTime([](SimulatedTime& time) {
    const auto on_stack = std::make_shared<int>();
    auto thread = Spawn([on_stack = &on_stack] {
      const std::shared_ptr<int> mine = *on_stack;
      Sleep(absl::Hours(1));
    });
    Yield();
    EXPECT_EQ(on_stack.use_count(), 2);
    thread.Kill();
    EXPECT_EQ(on_stack.use_count(), 1);
    EXPECT_TRUE(thread.Finished());
    EXPECT_EQ(Hub::Current().Stats().timers, 0u);
    EXPECT_THROW(thread.Wait(), GreenExit);
    EXPECT_EQ(time.clock.ticks(), 0);
  });
}

TEST(Kill, OneThatIsReadyIsThrownAtByItsNextWait) {
  std::vector<int> steps;
  auto thread = Spawn([&] {
    Yield();
    steps.push_back(1);
    Yield();
    steps.push_back(2);
  });
  Yield();
  thread.Kill();
  EXPECT_THROW(thread.Wait(), GreenExit);
  EXPECT_THAT(steps, IsEmpty());
}

TEST(Kill, ThrowsWhatItIsGiven) {
  auto begun = Spawn([] { Sleep(absl::InfiniteDuration()); });
  Yield();
  auto unbegun = Spawn([] {});
  for (auto* const thread : {&unbegun, &begun}) {
    thread->Kill(Boom());
    EXPECT_THROW(thread->Wait(), std::runtime_error);
  }
}

TEST(Kill, MayBeSurvived) {
  auto thread = Spawn([] {
    try {
      Sleep(absl::InfiniteDuration());
    } catch (const std::runtime_error&) {
    }
    Yield();
    return 5;
  });
  Yield();
  thread.Kill(Boom());
  EXPECT_FALSE(thread.Finished());
  EXPECT_EQ(thread.Wait(), 5);
}

TEST(Kill, WhatIsThrownFirstCounts) {
  InSimulatedTime([](SimulatedTime&) {
    int caught = 0;
    auto thread = Spawn([&] {
      try {
        Sleep(absl::InfiniteDuration());
      } catch (const std::runtime_error&) {
        ++caught;
      }
      Yield();
    });
    Yield();
    Hub::Current().CallAfter(absl::ZeroDuration(), [&] {
      thread.Kill(Boom());
      thread.Kill();
    });
    thread.Wait();
    EXPECT_EQ(caught, 1);
  });
}

TEST(Kill, OneThatHasEndedKeepsItsResult) {
  auto thread = Spawn([] { return 3; });
  thread.Wait();
  thread.Kill();
  EXPECT_EQ(thread.Wait(), 3);
}

TEST(Kill, OfItselfThrowsThere) {
  std::optional<GreenThread<void>> self;
  bool went_on = false;
  self = Spawn([&] {
    self->Kill(Boom());
    went_on = true;
  });
  EXPECT_THROW(self->Wait(), std::runtime_error);
  EXPECT_FALSE(went_on);
}

TEST(Kill, WakesWhoWaitsForIt) {
  auto target = Spawn([] { Sleep(absl::InfiniteDuration()); });
  auto waiter = Spawn([&] { target.Wait(); });
  Yield();
  target.Kill(Boom());
  EXPECT_THROW(waiter.Wait(), std::runtime_error);
}

// A later hub may have the same memory.
TEST(Kill, IsForgottenWhenTheHubGoesFirst) {
  InSimulatedTime([](SimulatedTime&) {
    Event<void> event;
    auto thread = Spawn([] { Sleep(absl::InfiniteDuration()); });
    Hub::Current().CallAfter(absl::Seconds(1), [&] {
      event.Send();
      thread.Kill();
    });
    event.Wait();
    EXPECT_FALSE(thread.Finished());
  });
  InSimulatedTime([](SimulatedTime&) {
    auto thread = Spawn([] { Sleep(absl::InfiniteDuration()); });
    Yield();
    thread.Kill(Boom());
    EXPECT_THROW(thread.Wait(), std::runtime_error);
  });
}

TEST(Kill, InACallbackDoesNotWait) {
  InSimulatedTime([](SimulatedTime&) {
    auto thread = Spawn([] { Sleep(absl::InfiniteDuration()); });
    bool had_ended = true;
    Hub::Current().CallAfter(absl::Seconds(1), [&] {
      thread.Kill();
      had_ended = thread.Finished();
    });
    EXPECT_THROW(thread.Wait(), GreenExit);
    EXPECT_FALSE(had_ended);
  });
}

// A green thread that kills is one that waits; it may be killed meanwhile.
TEST(Kill, TwoMayKillEachOther) {
  std::optional<GreenThread<void>> a, b;
  a = Spawn([&] { b->Kill(); });
  b = Spawn([&] {
    Yield();
    a->Kill();
  });
  EXPECT_NO_THROW(a->Wait());
  EXPECT_THROW(b->Wait(), GreenExit);
}

TEST(Kill, RefusesAnotherThreadsGreenThread) {
  auto thread = Spawn([] { return 1; });
  OnFreshThread([&] {
    EXPECT_THROW(thread.Kill(), std::logic_error);
    EXPECT_THROW(thread.Cancel(), std::logic_error);
  });
  EXPECT_EQ(thread.Wait(), 1);
}

TEST(Cancel, EndsOneThatHasNotBegun) {
  InSimulatedTime([](SimulatedTime&) {
    bool ran = false;
    for (const absl::Duration delay :
         {absl::ZeroDuration(), absl::Milliseconds(100)}) {
      auto thread = SpawnAfter(delay, [&] { ran = true; });
      EXPECT_TRUE(thread.Cancel());
      EXPECT_FALSE(thread.Cancel());
      EXPECT_THROW(thread.Wait(), GreenExit);
    }
    Sleep(absl::Seconds(1));
    EXPECT_FALSE(ran);
  });
}

int WaitAndGive(int result) {
  Sleep(absl::Milliseconds(100));
  return result;
}

TEST(Cancel, LeavesOneThatHasBegun) {
  InSimulatedTime([](SimulatedTime&) {
    auto thread = SpawnAfter(absl::ZeroDuration(), WaitAndGive, 22);
    Sleep(absl::Nanoseconds(1));
    EXPECT_FALSE(thread.Cancel());
    EXPECT_EQ(thread.Wait(), 22);
    EXPECT_FALSE(thread.Cancel());
  });
}

TEST(SpawnAfter, IsKilledThoughItHasBegun) {
  InSimulatedTime([](SimulatedTime&) {
    auto thread = SpawnAfter(absl::ZeroDuration(), WaitAndGive, 22);
    Sleep(absl::Nanoseconds(1));
    thread.Kill();
    EXPECT_THROW(thread.Wait(), GreenExit);
  });
}

TEST(SpawnAfter, NegativeIsAtOnceAndInfiniteIsNever) {
  InSimulatedTime([](SimulatedTime& time) {
    auto at_once =
        SpawnAfter(-absl::Seconds(1), [&] { return time.clock.ticks(); });
    auto never = SpawnAfter(absl::InfiniteDuration(), [] {});
    EXPECT_EQ(at_once.Wait(), 0);
    Sleep(absl::Hours(1'000'000));
    EXPECT_FALSE(never.Finished());
  });
}

TEST(SpawnAfterLocal, BeginsWhenItsSpawnerIsStillThere) {
  InSimulatedTime([](SimulatedTime&) {
    bool ran = false;
    SpawnN([&] {
      SpawnAfterLocal(absl::Milliseconds(100), [&] { ran = true; });
      Sleep(absl::Milliseconds(200));
    });
    Sleep(absl::Milliseconds(99));
    EXPECT_FALSE(ran);
    Sleep(absl::Milliseconds(1));
    EXPECT_TRUE(ran);
  });
}

TEST(SpawnAfterLocal, EndsWithItsSpawner) {
  InSimulatedTime([](SimulatedTime&) {
    std::optional<GreenThread<void>> local;
    const auto spawn_local = [&] {
      local = SpawnAfterLocal(absl::Milliseconds(100),
                              [] { ADD_FAILURE() << "must never begin"; });
    };
    Spawn(spawn_local).Wait();
    EXPECT_THROW(local->Wait(), GreenExit);

    auto spawner = Spawn([&] {
      spawn_local();
      Sleep(absl::InfiniteDuration());
    });
    Yield();
    spawner.Kill();
    EXPECT_THROW(local->Wait(), GreenExit);
    EXPECT_EQ(Hub::Current().Stats().timers, 0u);
    EXPECT_EQ(Hub::Current().Stats().green_threads, 0u);
  });
}

TEST(SpawnAfterLocal, OutlivesItsSpawnerOnceItHasBegun) {
  InSimulatedTime([](SimulatedTime&) {
    std::optional<GreenThread<int>> local;
    Spawn([&] {
      local = SpawnAfterLocal(absl::ZeroDuration(), WaitAndGive, 7);
      Sleep(absl::Milliseconds(1));
    }).Wait();
    EXPECT_EQ(local->Wait(), 7);
  });
}

TEST(SpawnAfterLocal, AnyOfSeveralMayBeCancelled) {
  InSimulatedTime([](SimulatedTime&) {
    for (size_t cancelled = 0; cancelled < 3; ++cancelled) {
      std::vector<GreenThread<int>> locals;
      Spawn([&] {
        for (int i = 0; i < 3; ++i) {
          locals.push_back(
              SpawnAfterLocal(absl::Seconds(1), [i] { return i; }));
        }
        EXPECT_TRUE(locals[cancelled].Cancel());
        Sleep(absl::Milliseconds(1));
      }).Wait();
      for (auto& local : locals) EXPECT_THROW(local.Wait(), GreenExit);
    }
    EXPECT_EQ(Hub::Current().Stats().green_threads, 0u);
  });
}

TEST(SpawnAfterLocal, RefusesACallback) {
  InSimulatedTime([](SimulatedTime&) {
    int refused = 0;
    Hub::Current().CallAfter(absl::ZeroDuration(), [&] {
      EXPECT_THROW(SpawnAfterLocal(absl::Seconds(1), [] {}), std::logic_error);
      ++refused;
    });
    Sleep(absl::Seconds(2));
    EXPECT_EQ(refused, 1);
  });
}

TEST(Spawn, OutlivesItsSpawner) {
  bool ran = false;
  Spawn([&] { SpawnN([&] { ran = true; }); }).Wait();
  Yield();
  EXPECT_TRUE(ran);
}

TEST(Link, IsCalledWithTheGreenThreadThatHasEnded) {
  std::vector<std::string> results;
  auto thread = Spawn([] { return std::string("result"); });
  thread.Link([&, extra = std::string("extra")](GreenThread<std::string>& g) {
    EXPECT_TRUE(g.Finished());
    results = {g.Wait(), extra};
  });
  EXPECT_EQ(thread.Wait(), "result");
  EXPECT_THAT(results, ElementsAre("result", "extra"));
}

TEST(Link, ToOneThatHasEndedIsCalledAtOnce) {
  auto thread = Spawn([] { return 5; });
  thread.Wait();
  int seen = 0;
  thread.Link([&](GreenThread<int>& g) { seen = g.Wait(); });
  EXPECT_EQ(seen, 5);
}

TEST(Link, MayLinkAgainFromInside) {
  int calls = 0;
  auto thread = Spawn([] {});
  thread.Link([&](GreenThread<void>& g) {
    g.Link([&](GreenThread<void>&) { ++calls; });
  });
  thread.Wait();
  EXPECT_EQ(calls, 1);
}

TEST(Link, SeveralAreCalledInOrderButNotWhatWasUnlinked) {
  std::vector<int> order;
  auto thread = Spawn([] {});
  std::vector<LinkId> ids;
  for (int i = 0; i < 3; ++i) {
    ids.push_back(
        thread.Link([&, i](GreenThread<void>&) { order.push_back(i); }));
  }
  EXPECT_TRUE(thread.Unlink(ids[1]));
  EXPECT_FALSE(thread.Unlink(ids[1]));
  thread.Wait();
  EXPECT_THAT(order, ElementsAre(0, 2));
  EXPECT_FALSE(thread.Unlink(ids[0]));
}

TEST(Link, IsCalledHoweverItEnds) {
  int ended = 0;
  const auto count = [&](GreenThread<void>& g) {
    EXPECT_ANY_THROW(g.Wait());
    ++ended;
  };
  auto throws = Spawn([] { throw std::runtime_error("boom"); });
  auto begun = Spawn([] { Sleep(absl::InfiniteDuration()); });
  throws.Link(count);
  begun.Link(count);
  Yield();
  auto unbegun = Spawn([] {});
  unbegun.Link(count);
  auto cancelled = Spawn([] {});
  cancelled.Link(count);
  unbegun.Kill();
  cancelled.Cancel();
  begun.Kill();
  EXPECT_EQ(ended, 4);
}

TEST(Link, ThatThrowsIsReportedAndTheNextIsCalled) {
  const auto throws = [](GreenThread<void>&) {
    throw std::runtime_error("from the link");
  };
  bool called = false;
  auto thread = Spawn([] {});
  thread.Link(throws);
  thread.Link([&](GreenThread<void>&) { called = true; });
  testing::internal::CaptureStderr();
  thread.Wait();
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("std::runtime_error: from the link\n"));
  EXPECT_TRUE(called);
  testing::internal::CaptureStderr();
  thread.Link(throws);
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("std::runtime_error: from the link\n"));
}

TEST(Link, DoesNotKeepItsGreenThreadAlive) {
  const auto captured = std::make_shared<int>();
  {
    auto thread = Spawn([] {});
    thread.Link([captured](GreenThread<void>&) {});
    Yield();
  }
  EXPECT_EQ(captured.use_count(), 1);
}

TEST(Link, RefusesAnotherThreadsGreenThread) {
  auto thread = Spawn([] {});
  const LinkId id = thread.Link([](GreenThread<void>&) {});
  OnFreshThread([&] {
    EXPECT_THROW(thread.Link([](GreenThread<void>&) {}), std::logic_error);
    EXPECT_THROW(thread.Unlink(id), std::logic_error);
  });
  EXPECT_TRUE(thread.Unlink(id));
  thread.Wait();
}

}  // namespace
}  // namespace green
