// Queues with room, and what all queues have. Those without are in
// queue_rendezvous_test.cc.
#include "green/queue.h"

#include <functional>
#include <memory>
#include <optional>
#include <set>
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

// Gets, but not for longer than a turn.
std::string GetOrBail(Queue<std::string>& queue) {
  return WithTimeoutOr(std::string("timed out"), absl::ZeroDuration(),
                       [&] { return queue.Get(); });
}

TEST(Queue, GivesWhatWasPutBefore) {
  Queue<std::string> queue;
  queue.Put("hi");
  EXPECT_EQ(queue.Get(), "hi");
}

TEST(Queue, GivesWhatIsPutLater) {
  Queue<std::string> queue;
  auto getter = Spawn([&] { return queue.Get(); });
  Yield();
  Yield();
  EXPECT_FALSE(getter.Finished());
  queue.Put("hi2");
  EXPECT_EQ(getter.Wait(), "hi2");
}

TEST(Queue, PutWaitsWhileItIsFull) {
  Queue<std::string> queue(2);
  std::vector<std::string> results;
  auto putter = Spawn([&] {
    for (const char* value : {"a", "b", "c"}) {
      queue.Put(value);
      results.push_back(value);
    }
  });
  Yield();
  EXPECT_THAT(results, ElementsAre("a", "b"));
  EXPECT_EQ(queue.Putting(), 1u);
  EXPECT_EQ(queue.Get(), "a");
  Yield();
  EXPECT_THAT(results, ElementsAre("a", "b", "c"));
  EXPECT_EQ(queue.Get(), "b");
  EXPECT_EQ(queue.Get(), "c");
  putter.Wait();
}

TEST(Queue, ShrinkingDropsNothing) {
  Queue<int> queue(5);
  for (int i = 0; i < 5; ++i) queue.Put(i);
  queue.Resize(1);
  EXPECT_EQ(queue.MaxSize(), 1);
  EXPECT_EQ(queue.Size(), 5u);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(queue.Get(), i);
  EXPECT_FALSE(queue.TryPut(5));
  EXPECT_EQ(queue.Get(), 4);
  EXPECT_TRUE(queue.TryPut(5));
}

TEST(Queue, GrowingLetsInAsManyAsThereIsRoomFor) {
  Queue<int> queue(1);
  queue.Put(0);
  for (int i = 1; i < 5; ++i) SpawnN([&queue, i] { queue.Put(i); });
  Yield();
  EXPECT_EQ(queue.Putting(), 4u);
  queue.Resize(3);
  EXPECT_EQ(queue.Size(), 3u);
  EXPECT_EQ(queue.Putting(), 2u);
  queue.Resize(-7);
  EXPECT_EQ(queue.Putting(), 0u);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(queue.Get(), i);
}

TEST(Queue, IsUnlimitedWhenNegative) {
  Queue<int> queue(-3);
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(queue.TryPut(i));
  EXPECT_FALSE(queue.Full());
}

TEST(Queue, EachOfSeveralGettersGetsOne) {
  Queue<std::string> queue;
  const std::set<std::string> sent = {"1", "2", "3", "4"};
  std::vector<GreenThread<std::string>> getters;
  for (size_t i = 0; i < sent.size(); ++i) {
    getters.push_back(Spawn([&] { return queue.Get(); }));
  }
  Yield();
  for (const std::string& value : sent) queue.Put(value);
  std::set<std::string> got;
  for (auto& getter : getters) got.insert(getter.Wait());
  EXPECT_EQ(got, sent);
}

TEST(Queue, GettersAreServedInOrder) {
  Queue<int> queue;
  std::vector<GreenThread<int>> getters;
  for (int i = 0; i < 4; ++i)
    getters.push_back(Spawn([&] { return queue.Get(); }));
  Yield();
  for (int i = 0; i < 4; ++i) queue.Put(i);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(getters[i].Wait(), i);
}

TEST(Queue, OneThatComesLaterOvertakesNobody) {
  Queue<int> queue;
  auto first = Spawn([&] { return queue.Get(); });
  Yield();
  queue.Put(1);
  EXPECT_TRUE(queue.Empty());
  EXPECT_EQ(queue.TryGet(), std::nullopt);
  EXPECT_EQ(first.Wait(), 1);
}

TEST(Queue, AGetterThatGaveUpTakesNothing) {
  InSimulatedTime([](SimulatedTime&) {
    Queue<std::string> queue;
    EXPECT_EQ(Spawn([&] { return GetOrBail(queue); }).Wait(), "timed out");
    queue.Put("hi");
    EXPECT_EQ(queue.Get(), "hi");
  });
}

TEST(Queue, GetBeforePut) {
  Queue<std::string> queue;
  auto putter = Spawn([&] { queue.Put("sent"); });
  EXPECT_EQ(queue.Get(), "sent");
  putter.Wait();
}

// Not quite eventlet's, whose first getter has lost although the value came
// before its time was over.
TEST(Queue, TheSecondGetterGetsItWhenTheFirstHasGivenUp) {
  InSimulatedTime([](SimulatedTime&) {
    Queue<std::string> queue;
    auto dying = Spawn([&] { return GetOrBail(queue); });
    auto waiting = Spawn([&] { return queue.Get(); });
    Yield();
    Yield();
    queue.Put("hi");
    EXPECT_EQ(dying.Wait(), "timed out");
    EXPECT_EQ(waiting.Wait(), "hi");
  });
}

TEST(Queue, KeepsTheValueWhenAllGettersHaveGivenUp) {
  InSimulatedTime([](SimulatedTime&) {
    Queue<std::string> queue;
    auto first = Spawn([&] { return GetOrBail(queue); });
    auto second = Spawn([&] { return GetOrBail(queue); });
    Yield();
    Yield();
    queue.Put("sent");
    EXPECT_EQ(first.Wait(), "timed out");
    EXPECT_EQ(second.Wait(), "timed out");
    EXPECT_EQ(queue.Get(), "sent");
  });
}

TEST(Queue, CountsWhoWaitsToGet) {
  Queue<std::string> queue;
  auto getter = Spawn([&] { return queue.Get(); });
  Yield();
  EXPECT_EQ(queue.Getting(), 1u);
  queue.Put("hi");
  EXPECT_EQ(queue.Getting(), 0u);
  EXPECT_EQ(getter.Wait(), "hi");
  EXPECT_EQ(queue.Getting(), 0u);
}

TEST(Queue, AGetterThatIsKilledAfterItsValueCameStillHasIt) {
  Queue<int> queue;
  int got = 0;
  auto getter = Spawn([&] {
    got = queue.Get();
    Yield();
    ADD_FAILURE() << "goes on after Kill";
  });
  Yield();
  queue.Put(7);
  getter.Kill();
  EXPECT_THROW(getter.Wait(), GreenExit);
  EXPECT_EQ(got, 7);
}

TEST(Queue, AGetterThatIsKilledBeforeTakesNothing) {
  Queue<int> queue;
  auto getter = Spawn([&] { return queue.Get(); });
  Yield();
  getter.Kill();
  queue.Put(7);
  EXPECT_EQ(queue.Get(), 7);
}

TEST(Queue, GetGivesUpWhenTheTimeHasPassed) {
  InSimulatedTime([](SimulatedTime& time) {
    Queue<int> queue;
    EXPECT_EQ(queue.Get(absl::Milliseconds(10)), std::nullopt);
    EXPECT_EQ(time.clock.Read().now_ns, 10'000'000);
    SpawnN([&] {
      Sleep(absl::Milliseconds(5));
      queue.Put(1);
    });
    EXPECT_EQ(queue.Get(absl::Milliseconds(10)), 1);
    EXPECT_EQ(time.clock.Read().now_ns, 15'000'000);
  });
}

TEST(Queue, PutThatGivesUpKeepsItsValue) {
  InSimulatedTime([](SimulatedTime& time) {
    Queue<std::unique_ptr<int>> queue(1);
    queue.Put(std::make_unique<int>(1));
    auto second = std::make_unique<int>(2);
    EXPECT_FALSE(queue.Put(std::move(second), absl::Milliseconds(10)));
    EXPECT_EQ(time.clock.Read().now_ns, 10'000'000);
    ASSERT_NE(second, nullptr);
    EXPECT_FALSE(queue.TryPut(std::move(second)));
    ASSERT_NE(second, nullptr);
    EXPECT_EQ(*queue.Get(), 1);
    EXPECT_TRUE(queue.Put(std::move(second), absl::Milliseconds(10)));
    EXPECT_EQ(second, nullptr);
    EXPECT_EQ(*queue.Get(), 2);
  });
}

TEST(Queue, APutterThatIsKilledPutsNothing) {
  Queue<int> queue(1);
  queue.Put(1);
  auto putter = Spawn([&] { queue.Put(2); });
  Yield();
  putter.Kill();
  EXPECT_EQ(queue.Get(), 1);
  EXPECT_EQ(queue.TryGet(), std::nullopt);
}

TEST(Queue, TryPutInACallback) {
  InSimulatedTime([](SimulatedTime&) {
    Queue<int> queue(1);
    std::vector<bool> results;
    for (int i = 2; i < 4; ++i) {
      Hub::Current().CallAfter(absl::ZeroDuration(),
                               [&, i] { results.push_back(queue.TryPut(i)); });
    }
    Sleep(absl::Milliseconds(1));
    EXPECT_THAT(results, ElementsAre(true, false));
  });
}

TEST(Queue, TryGetInACallback) {
  InSimulatedTime([](SimulatedTime&) {
    Queue<int> queue(1);
    queue.Put(4);
    std::vector<std::optional<int>> results;
    for (int i = 0; i < 2; ++i) {
      Hub::Current().CallAfter(absl::ZeroDuration(),
                               [&] { results.push_back(queue.TryGet()); });
    }
    Sleep(absl::Milliseconds(1));
    EXPECT_THAT(results, ElementsAre(4, std::nullopt));
  });
}

TEST(Queue, WhatAGetterThrowsAfterwardsIsItsOwn) {
  Queue<int> queue;
  auto getter = Spawn([&] {
    queue.Get();
    throw std::runtime_error("after");
  });
  Yield();
  queue.Put(0);
  Yield();
  EXPECT_THROW(getter.Wait(), std::runtime_error);
}

TEST(Queue, JoinReturnsAtOnceWhenNothingWasPut) {
  Queue<int> queue;
  queue.Join();
}

TEST(Queue, JoinWaitsUntilAllIsDone) {
  Queue<int> queue;
  for (int i = 0; i < 3; ++i) queue.Put(i);
  auto joiner = Spawn([&] { queue.Join(); });
  for (int i = 0; i < 3; ++i) {
    queue.Get();
    Yield();
    EXPECT_FALSE(joiner.Finished());
    EXPECT_EQ(queue.Unfinished(), static_cast<size_t>(3 - i));
    queue.TaskDone();
  }
  Yield();
  EXPECT_TRUE(joiner.Finished());
}

TEST(Queue, TaskDoneTooOftenIsRefused) {
  Queue<int> queue;
  EXPECT_THROW(queue.TaskDone(), std::logic_error);
  queue.Put(1);
  queue.TaskDone();
  EXPECT_THROW(queue.TaskDone(), std::logic_error);
}

TEST(Queue, APutThatWaitsIsNoTaskYet) {
  Queue<int> queue(1);
  queue.Put(1);
  auto putter = Spawn([&] { queue.Put(2); });
  Yield();
  EXPECT_EQ(queue.Unfinished(), 1u);
  queue.Get();
  EXPECT_EQ(queue.Unfinished(), 2u);
}

TEST(LifoQueue, GivesTheLastFirst) {
  LifoQueue<int> queue(3);
  for (int i = 0; i < 3; ++i) queue.Put(i);
  EXPECT_FALSE(queue.TryPut(3));
  for (int i = 2; i >= 0; --i) EXPECT_EQ(queue.Get(), i);
  for (int i = 0; i < 3; ++i) queue.TaskDone();
  queue.Join();
}

TEST(PriorityQueue, GivesTheLeastFirst) {
  PriorityQueue<int> queue;
  for (const int i : {3, 1, 4, 1, 5}) queue.Put(i);
  for (const int i : {1, 1, 3, 4, 5}) EXPECT_EQ(queue.Get(), i);
}

TEST(PriorityQueue, GivesEqualOnesInOrder) {
  const auto by_length = [](const std::string& a, const std::string& b) {
    return a.size() < b.size();
  };
  PriorityQueue<std::string, decltype(by_length)> queue(8, by_length);
  for (const char* value : {"bb", "a", "cc", "b", "aa", "c"}) queue.Put(value);
  for (const char* value : {"a", "b", "c", "bb", "cc", "aa"}) {
    EXPECT_EQ(queue.Get(), value);
  }
}

TEST(PriorityQueue, TakesAnotherOrder) {
  PriorityQueue<int, std::greater<int>> queue(2);
  queue.Put(1);
  queue.Put(2);
  EXPECT_EQ(queue.Get(), 2);
}

TEST(PriorityQueue, TakesWhatCanOnlyBeMoved) {
  struct ByValue {
    bool operator()(const std::unique_ptr<int>& a,
                    const std::unique_ptr<int>& b) const {
      return *a < *b;
    }
  };
  PriorityQueue<std::unique_ptr<int>, ByValue> queue;
  for (const int i : {2, 1, 3}) queue.Put(std::make_unique<int>(i));
  for (const int i : {1, 2, 3}) EXPECT_EQ(*queue.Get(), i);
}

TEST(LightQueue, GivesInOrder) {
  LightQueue<int> queue;
  for (int i = 0; i < 3; ++i) queue.Put(i);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(queue.Get(), i);
}

TEST(Queue, MayGoBeforeThoseWhoWait) {
  InSimulatedTime([](SimulatedTime&) {
    auto queue = std::make_unique<Queue<int>>();
    auto patient = Spawn([&] { return queue->Get(absl::Seconds(1)); });
    auto killed = Spawn([&] { return queue->Get(); });
    Yield();
    queue.reset();
    EXPECT_EQ(patient.Wait(), std::nullopt);
    killed.Kill();
    EXPECT_THROW(killed.Wait(), GreenExit);
  });
}

TEST(Queue, MayBeOutlivedByAGetterOfAThreadThatEnds) {
  OnFreshThread([] {
    Queue<int> queue;
    SpawnN([&] { queue.Get(); });
    SpawnN([&] { queue.Join(); });
    Yield();
  });
}

TEST(Queue, RefusesToWakeAnotherThreadsGetter) {
  Queue<std::unique_ptr<int>> queue;
  auto getter = Spawn([&] { return *queue.Get(); });
  Yield();
  OnFreshThread([&] {
    auto value = std::make_unique<int>(1);
    EXPECT_THROW(queue.Put(std::move(value)), std::logic_error);
    EXPECT_NE(value, nullptr);
  });
  queue.Put(std::make_unique<int>(2));
  EXPECT_EQ(getter.Wait(), 2);
}

}  // namespace
}  // namespace green
