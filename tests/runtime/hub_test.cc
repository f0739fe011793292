#include "green/hub.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "green/green_pool.h"
#include "green/green_thread.h"
#include "green/stack.h"
#include "gtest/gtest.h"
#include "runtime/hub_testing.h"

namespace green {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Hub, IsOneForEachThread) {
  Hub* const here = &Hub::Current();
  EXPECT_EQ(&Hub::Current(), here);
  OnFreshThread([&] { EXPECT_NE(&Hub::Current(), here); });
}

TEST(Hub, IsConfiguredBeforeItIsUsedOrNotAtAll) {
  OnFreshThread([] {
    Hub::Current();
    EXPECT_THROW(Hub::Configure({}), std::logic_error);
  });
  OnFreshThread([] {
    Hub::Configure({});
    EXPECT_THROW(Hub::Configure({}), std::logic_error);
  });
}

TEST(Hub, RunsUntilStopped) {
  InSimulatedTime([](SimulatedTime& time) {
    Hub& hub = Hub::Current();
    hub.CallAfter(absl::Seconds(5), [&] { hub.Stop(); });
    hub.Run();
    EXPECT_EQ(time.clock.ticks(), 5'000'000'000);
  });
}

TEST(Hub, RunsAgainAfterAStop) {
  InSimulatedTime([](SimulatedTime& time) {
    Hub& hub = Hub::Current();
    for (int i = 1; i <= 3; ++i) {
      hub.CallAfter(absl::Seconds(1), [&] { hub.Stop(); });
      hub.Run();
      EXPECT_EQ(time.clock.ticks(), i * 1'000'000'000LL);
    }
  });
}

TEST(Hub, AStopBeforeRunEndsTheNextRun) {
  OnFreshThread([] {
    Hub& hub = Hub::Current();
    hub.Stop();
    hub.Run();
  });
}

TEST(Hub, IsStoppedByAnotherThread) {
  OnFreshThread([] {
    Hub& hub = Hub::Current();
    std::thread other;
    // From inside the loop, so that it runs, and soon sleeps.
    SpawnN([&] { other = std::thread([&] { hub.Stop(); }); });
    hub.Run();
    other.join();
  });
}

TEST(Hub, StoppingItUnderAWaitThrows) {
  InSimulatedTime([](SimulatedTime&) {
    Hub& hub = Hub::Current();
    auto thread = Spawn([] { Sleep(absl::Seconds(10)); });
    hub.CallAfter(absl::Seconds(1), [&] { hub.Stop(); });
    EXPECT_THROW(thread.Wait(), HubStopped);
    hub.CallAfter(absl::Seconds(1), [&] { hub.Stop(); });
    EXPECT_THROW(Sleep(absl::Seconds(10)), HubStopped);
    hub.Stop();
    EXPECT_THROW(Yield(), HubStopped);
    // What ended is not waited for any more.
    Yield();
    EXPECT_EQ(hub.Stats().timers, 1u);
    thread.Wait();
  });
}

TEST(Hub, RunIsRefusedInsideTheLoop) {
  InSimulatedTime([](SimulatedTime&) {
    Hub& hub = Hub::Current();
    auto thread = Spawn([&] { hub.Run(); });
    EXPECT_THROW(thread.Wait(), std::logic_error);
    testing::internal::CaptureStderr();
    hub.CallAfter(absl::ZeroDuration(), [&] { hub.Run(); });
    Sleep(absl::Seconds(1));
    EXPECT_THAT(testing::internal::GetCapturedStderr(),
                HasSubstr("std::logic_error: green::Hub::Run"));
  });
}

TEST(Callbacks, AreCalledInOrderAtTheirTime) {
  InSimulatedTime([](SimulatedTime& time) {
    Hub& hub = Hub::Current();
    std::vector<std::string> order;
    const auto note = [&](std::string name) {
      return [&, name] {
        order.push_back(name + std::to_string(time.clock.ticks()));
      };
    };
    hub.CallAfter(absl::Nanoseconds(2), note("b"));
    hub.CallAfter(absl::Nanoseconds(1), note("a"));
    hub.CallAfter(absl::Nanoseconds(2), note("c"));
    Sleep(absl::Nanoseconds(10));
    EXPECT_THAT(order, ElementsAre("a1", "b2", "c2"));
  });
}

TEST(Callbacks, ThatThrowAreReportedAndDoNotEndTheLoop) {
  InSimulatedTime([](SimulatedTime&) {
    Hub& hub = Hub::Current();
    bool called = false;
    testing::internal::CaptureStderr();
    hub.CallAfter(absl::Seconds(1), [] { throw std::runtime_error("boom"); });
    hub.CallAfter(absl::Seconds(1), [] { throw 1; });
    hub.CallAfter(absl::Seconds(1), [&] { called = true; });
    Sleep(absl::Seconds(2));
    EXPECT_TRUE(called);
    EXPECT_THAT(
        testing::internal::GetCapturedStderr(),
        AllOf(HasSubstr("callback"), HasSubstr("std::runtime_error: boom\n"),
              HasSubstr(": int\n")));
  });
}

TEST(Callbacks, MustNotWait) {
  InSimulatedTime([](SimulatedTime&) {
    testing::internal::CaptureStderr();
    Hub::Current().CallAfter(absl::Seconds(1), [] { Sleep(absl::Seconds(1)); });
    Sleep(absl::Seconds(2));
    EXPECT_THAT(testing::internal::GetCapturedStderr(),
                HasSubstr("must not wait"));
  });
}

TEST(Callbacks, MaySpawn) {
  InSimulatedTime([](SimulatedTime&) {
    bool ran = false;
    Hub::Current().CallAfter(absl::Seconds(1),
                             [&] { SpawnN([&] { ran = true; }); });
    Sleep(absl::Seconds(2));
    EXPECT_TRUE(ran);
  });
}

TEST(Callbacks, ThatScheduleThemselvesDoNotKeepOthersOut) {
  InSimulatedTime([](SimulatedTime&) {
    Hub& hub = Hub::Current();
    int calls = 0;
    std::function<void()> again = [&] {
      ++calls;
      hub.CallAfter(absl::ZeroDuration(), again);
    };
    again();
    Yield();
    Yield();
    EXPECT_GE(calls, 2);
    EXPECT_LE(calls, 4);
  });
}

TEST(Callbacks, AreNotCalledOnceCancelled) {
  InSimulatedTime([](SimulatedTime&) {
    Hub& hub = Hub::Current();
    auto captured = std::make_shared<int>(0);
    const ScheduledCall call =
        hub.CallAfter(absl::Seconds(1), [captured] { ++*captured; });
    EXPECT_EQ(captured.use_count(), 2);
    EXPECT_TRUE(hub.Cancel(call));
    EXPECT_EQ(captured.use_count(), 1);
    EXPECT_FALSE(hub.Cancel(call));
    Sleep(absl::Seconds(2));
    EXPECT_EQ(*captured, 0);
  });
}

TEST(Callbacks, CancellingOneThatWasCalledHarmsNoOther) {
  InSimulatedTime([](SimulatedTime&) {
    Hub& hub = Hub::Current();
    const ScheduledCall first = hub.CallAfter(absl::Seconds(1), [] {});
    Sleep(absl::Seconds(1));
    bool called = false;
    hub.CallAfter(absl::Seconds(1), [&] { called = true; });
    EXPECT_FALSE(hub.Cancel(first));
    EXPECT_FALSE(hub.Cancel(ScheduledCall()));
    Sleep(absl::Seconds(2));
    EXPECT_TRUE(called);
  });
}

TEST(Loop, WaitsOnceForEachDeadline) {
  InSimulatedTime([](SimulatedTime& time) {
    for (int i = 1; i <= 10; ++i) {
      SpawnN([i] { Sleep(absl::Seconds(i)); });
    }
    Sleep(absl::Seconds(10));
    EXPECT_EQ(time.poller.waits(), 10);
  });
}

TEST(Loop, DoesNotWaitWhileSomethingIsReady) {
  InSimulatedTime([](SimulatedTime& time) {
    auto thread = Spawn([] {
      for (int i = 0; i < 100; ++i) Yield();
    });
    thread.Wait();
    EXPECT_EQ(time.poller.waits(), 0);
  });
}

TEST(Loop, GreenThreadsThatYieldDoNotKeepTimersFromFiring) {
  OnFreshThread([] {
    bool done = false;
    SpawnN([&] {
      while (!done) Yield();
    });
    Sleep(absl::Milliseconds(1));
    done = true;
  });
}

TEST(Loop, SurvivesAPollerThatReturnsEarly) {
  class Restless final : public Poller {
   public:
    explicit Restless(SimulatedClock& clock) : clock_(clock) {}
    void Wait(int64_t timeout_ns) override {
      clock_.AdvanceTo(clock_.ticks() + timeout_ns / 2 + 1);
    }
    void Wake() override {}

   private:
    SimulatedClock& clock_;
  };
  SimulatedClock clock = SimulatedClock::ByHand(Timebase(), 0);
  Restless poller(clock);
  OnFreshThread([&] {
    Hub::Configure({.clock = &clock, .poller = &poller});
    Sleep(absl::Seconds(1));
    EXPECT_GE(clock.ticks(), 1'000'000'000);
    EXPECT_LE(clock.ticks(), 1'000'000'001);
  });
}

TEST(Loop, IsLeftInOrderByAPollerThatThrows) {
  class Broken final : public Poller {
   public:
    void Wait(int64_t) override { throw std::runtime_error("broken"); }
    void Wake() override {}
  } poller;
  OnFreshThread([&] {
    Hub::Configure({.poller = &poller});
    EXPECT_THROW(Sleep(absl::Hours(1)), std::runtime_error);
    EXPECT_EQ(Hub::Current().Stats().timers, 0u);
    EXPECT_EQ(Spawn([] { return 1; }).Wait(), 1);
  });
}

// Where nothing else that a green thread here does comes to.
[[gnu::noinline]] volatile char* WriteDeepInStack() {
  volatile char deep[16 << 10];
  deep[0] = 'x';
  volatile char* volatile place = deep;
  return place;
}

TEST(Loop, GivesIdleStacksBackWhenItWaitsForLong) {
  InSimulatedTime([](SimulatedTime&) {
    constexpr size_t kMany = internal::StackPool::kWarmStacks + 200;
    std::vector<volatile char*> places;
    GreenPool pool(kMany);
    for (size_t i = 0; i < kMany; ++i) {
      pool.SpawnN([&] {
        places.push_back(WriteDeepInStack());
        Sleep(absl::Milliseconds(1));
      });
    }
    pool.WaitAll();
    const auto count_kept = [&] {
      return std::count_if(places.begin(), places.end(),
                           [](const volatile char* at) { return *at == 'x'; });
    };
    Sleep(absl::Milliseconds(1));
    EXPECT_EQ(count_kept(), internal::StackPool::kWarmStacks);
  });
}

TEST(RealTime, ASleepIsNeverEarly) {
  OnFreshThread([] {
    for (const absl::Duration duration :
         {absl::Nanoseconds(1), absl::Microseconds(100),
          absl::Microseconds(1500)}) {
      const int64_t before_ns = MonotonicNanoseconds();
      Sleep(duration);
      EXPECT_GE(MonotonicNanoseconds() - before_ns,
                absl::ToInt64Nanoseconds(duration));
    }
  });
}

TEST(RealTime, ASignalDoesNotEndASleep) {
  struct sigaction action = {};
  action.sa_handler = [](int) {};
  struct sigaction old = {};
  ASSERT_EQ(sigaction(SIGUSR1, &action, &old), 0);
  OnFreshThread([] {
    const int64_t before_ns = MonotonicNanoseconds();
    const pthread_t self = pthread_self();
    std::atomic<bool> done = false;
    std::thread pest([&] {
      while (!done) {
        pthread_kill(self, SIGUSR1);
        std::this_thread::yield();
      }
    });
    Sleep(absl::Milliseconds(5));
    EXPECT_GE(MonotonicNanoseconds() - before_ns, 5'000'000);
    done = true;
    pest.join();
  });
  sigaction(SIGUSR1, &old, nullptr);
}

TEST(RealTime, HubsRunSideBySide) {
  std::vector<std::thread> threads;
  std::atomic<int> ended = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      GreenPool pool(10);
      for (int j = 0; j < 100; ++j) {
        pool.SpawnN([&] {
          Sleep(absl::Microseconds(50));
          ++ended;
        });
      }
      pool.WaitAll();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ended, 400);
}

}  // namespace
}  // namespace green
