#include "green/event.h"

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
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

TEST(Event, WaitGivesWhatIsSentLater) {
  Event<std::string> event;
  SpawnN([&] { event.Send("some stuff"); });
  EXPECT_FALSE(event.Ready());
  EXPECT_EQ(event.Wait(), "some stuff");
  EXPECT_TRUE(event.Ready());
}

TEST(Event, WaitGivesWhatWasSentBefore) {
  Event<std::unique_ptr<int>> event;
  event.Send(std::make_unique<int>(3));
  EXPECT_EQ(*event.Wait(), 3);
  EXPECT_EQ(*event.Wait(), 3);
  EXPECT_EQ(**event.Wait(absl::ZeroDuration()), 3);
}

void ExpectFiveWaitersToRun(const std::function<void()>& afterwards) {
  Event<void> event;
  std::vector<int> results;
  Event<void> done[5];
  std::vector<GreenThread<void>> waiters;
  for (int i = 0; i < 5; ++i) {
    waiters.push_back(Spawn([&, i] {
      event.Wait();
      results.push_back(i);
      done[i].Send();
      afterwards();
    }));
  }
  Yield();
  EXPECT_THAT(results, ElementsAre());
  event.Send();
  for (Event<void>& each : done) each.Wait();
  EXPECT_THAT(results, ElementsAre(0, 1, 2, 3, 4));
  for (auto& waiter : waiters) {
    try {
      waiter.Wait();
    } catch (const std::runtime_error&) {
    }
  }
}

TEST(Event, LetsAllGoOn) {
  ExpectFiveWaitersToRun([] {});
}

TEST(Event, LetsAllGoOnThoughEachThrows) {
  ExpectFiveWaitersToRun([] { throw std::runtime_error("after"); });
}

TEST(Event, SendsOnceBetweenResets) {
  Event<std::string> event;
  EXPECT_THROW(event.Reset(), std::logic_error);
  SpawnN([&] { event.Send("first"); });
  EXPECT_EQ(event.Wait(), "first");
  EXPECT_THROW(event.Send("second"), std::logic_error);
  EXPECT_THROW(event.SendException(1), std::logic_error);
  EXPECT_EQ(event.Wait(), "first");
  event.Reset();
  EXPECT_FALSE(event.Ready());
  EXPECT_THROW(event.Reset(), std::logic_error);
  SpawnN([&] { event.Send("second"); });
  EXPECT_EQ(event.Wait(), "second");
}

TEST(Event, AnExceptionIsGoneAfterReset) {
  InSimulatedTime([](SimulatedTime&) {
    Event<int> event;
    event.SendException(std::runtime_error("sent"));
    EXPECT_TRUE(event.HasException());
    EXPECT_THROW(event.Wait(), std::runtime_error);
    EXPECT_THROW(event.Wait(), std::runtime_error);
    event.Reset();
    EXPECT_FALSE(event.HasException());
    const Timeout timeout(absl::Milliseconds(1));
    EXPECT_THROW(event.Wait(), TimeoutExpired);
  });
}

TEST(Event, WhoWaitsThrowsWhatIsSent) {
  Event<void> event;
  auto waiter = Spawn([&] { event.Wait(); });
  Yield();
  event.SendException(std::make_exception_ptr(std::out_of_range("sent")));
  EXPECT_THROW(waiter.Wait(), std::out_of_range);
}

TEST(Event, RefusesAPointerToNoException) {
  Event<void> event;
  EXPECT_THROW(event.SendException(std::exception_ptr()),
               std::invalid_argument);
  EXPECT_FALSE(event.Ready());
}

TEST(Event, WaitsNoLongerThanItTakes) {
  InSimulatedTime([](SimulatedTime& time) {
    Event<bool> event;
    auto sender =
        SpawnAfter(absl::Milliseconds(100), [&] { event.Send(true); });
    const bool* const result = event.Wait(absl::Milliseconds(200));
    ASSERT_NE(result, nullptr);
    EXPECT_TRUE(*result);
    EXPECT_EQ(time.clock.Read().now_ns, 100'000'000);
  });
}

TEST(Event, WaitsNoLongerThanItMay) {
  InSimulatedTime([](SimulatedTime& time) {
    Event<bool> event;
    auto sender =
        SpawnAfter(absl::Milliseconds(200), [&] { event.Send(true); });
    EXPECT_EQ(event.Wait(absl::Milliseconds(100)), nullptr);
    EXPECT_EQ(time.clock.Read().now_ns, 100'000'000);
    Event<void> never;
    EXPECT_FALSE(never.Wait(absl::Milliseconds(100)));
    EXPECT_TRUE(event.Ready());
  });
}

TEST(Event, WhoWaitedGetsWhatWasSentThoughItIsResetSince) {
  Event<std::string> event;
  const std::string* first = nullptr;
  const std::string* second = nullptr;
  SpawnN([&] { first = &event.Wait(); });
  Yield();
  event.Send(std::string(40, 'a'));
  event.Reset();
  SpawnN([&] { second = &event.Wait(); });
  EXPECT_EQ(first, nullptr);
  Yield();
  EXPECT_EQ(*first, std::string(40, 'a'));
  EXPECT_EQ(second, nullptr);
  event.Send(std::string(40, 'b'));
  Yield();
  EXPECT_EQ(*second, std::string(40, 'b'));
  EXPECT_EQ(*first, std::string(40, 'a'));
}

TEST(Event, KeepsNothingThatNobodyWaitsFor) {
  Event<std::shared_ptr<int>> event;
  auto value = std::make_shared<int>(1);
  SpawnN([&] { event.Wait(); });
  Yield();
  event.Send(value);
  event.Reset();
  EXPECT_EQ(value.use_count(), 2);
  Yield();
  event.Send(nullptr);
  event.Reset();
  EXPECT_EQ(value.use_count(), 1);
}

TEST(Event, WhoIsKilledAfterItWasSentStillGetsIt) {
  Event<int> event;
  int got = 0;
  auto waiter = Spawn([&] { got = event.Wait(); });
  Yield();
  event.Send(5);
  waiter.Kill();
  waiter.Wait();
  EXPECT_EQ(got, 5);
}

TEST(Event, SendsFromACallback) {
  InSimulatedTime([](SimulatedTime&) {
    Event<int> event;
    Hub::Current().CallAfter(absl::Seconds(1), [&] { event.Send(1); });
    EXPECT_EQ(event.Wait(), 1);
  });
}

TEST(Event, MayGoBeforeThoseWhoWait) {
  InSimulatedTime([](SimulatedTime&) {
    auto event = std::make_unique<Event<int>>();
    auto waiter = Spawn([&] { return event->Wait(absl::Seconds(1)); });
    auto sent_to = Spawn([&] { event->Wait(); });
    auto other = std::make_unique<Event<void>>();
    auto thrown_at = Spawn([&] { other->Wait(); });
    Yield();
    event.reset();
    EXPECT_EQ(waiter.Wait(), nullptr);
    sent_to.Kill();
    other->SendException(std::runtime_error("sent"));
    other.reset();
    EXPECT_THROW(thrown_at.Wait(), std::runtime_error);
  });
}

TEST(Event, RefusesToWakeAnotherThreadsGreenThreads) {
  Event<int> event;
  auto waiter = Spawn([&] { return event.Wait(); });
  Yield();
  OnFreshThread([&] { EXPECT_THROW(event.Send(1), std::logic_error); });
  EXPECT_FALSE(event.Ready());
  event.Send(2);
  EXPECT_EQ(waiter.Wait(), 2);
}

}  // namespace
}  // namespace green
