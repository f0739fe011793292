// Queues of size 0, where a putter and a getter meet.
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "green/green_thread.h"
#include "green/hub.h"
#include "green/queue.h"
#include "green/timeout.h"
#include "gtest/gtest.h"
#include "runtime/hub_testing.h"

namespace green {
namespace {

using ::testing::ElementsAre;

TEST(RendezvousQueue, PutWaitsForAGetter) {
  Queue<std::string> queue(0);
  auto putter = Spawn([&] { queue.Put("hi"); });
  Yield();
  EXPECT_FALSE(putter.Finished());
  auto getter = Spawn([&] { return queue.Get(); });
  EXPECT_EQ(getter.Wait(), "hi");
  putter.Wait();
}

TEST(RendezvousQueue, GrowingLetsAPutterIn) {
  for (const int64_t size : {int64_t{1}, Queue<int>::kUnlimited}) {
    Queue<int> queue(0);
    auto putter = Spawn([&] { queue.Put(1); });
    Yield();
    EXPECT_FALSE(putter.Finished());
    queue.Resize(size);
    Yield();
    EXPECT_TRUE(putter.Finished());
    EXPECT_EQ(queue.Size(), 1u);
  }
}

TEST(RendezvousQueue, SendsInStepWithTheGetter) {
  Queue<std::string> queue(0);
  std::vector<std::string> events;
  SpawnN([&] {
    events.push_back(queue.Get());
    events.push_back(queue.Get());
  });
  events.push_back("sending");
  queue.Put("hello");
  events.push_back("sent hello");
  queue.Put("world");
  events.push_back("sent world");
  EXPECT_THAT(events, ElementsAre("sending", "hello", "sent hello", "world",
                                  "sent world"));
}

TEST(RendezvousQueue, GetsInStepWithThePutter) {
  Queue<std::string> queue(0);
  std::vector<std::string> events;
  SpawnN([&] {
    events.push_back("sending hello");
    queue.Put("hello");
    events.push_back("sending world");
    queue.Put("world");
    events.push_back("sent world");
  });
  events.push_back("waiting");
  events.push_back(queue.Get());
  events.push_back(queue.Get());
  EXPECT_THAT(events, ElementsAre("waiting", "sending hello", "hello",
                                  "sending world", "world"));
  Yield();
  EXPECT_THAT(events, ElementsAre("waiting", "sending hello", "hello",
                                  "sending world", "world", "sent world"));
}

TEST(RendezvousQueue, ServesWaitingGettersInOrder) {
  Queue<int> queue(0);
  std::vector<GreenThread<int>> getters;
  for (int i = 0; i < 3; ++i)
    getters.push_back(Spawn([&] { return queue.Get(); }));
  Yield();
  EXPECT_EQ(queue.Getting(), 3u);
  std::vector<GreenThread<void>> putters;
  for (int i = 0; i < 3; ++i) {
    putters.push_back(Spawn([&, i] { queue.Put(i); }));
  }
  for (auto& putter : putters) putter.Wait();
  EXPECT_EQ(queue.Getting(), 0u);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(getters[i].Wait(), i);
}

TEST(RendezvousQueue, APutThatGivesUpLeavesNothing) {
  InSimulatedTime([](SimulatedTime&) {
    Queue<std::string> queue(0);
    std::string value = "hi";
    EXPECT_FALSE(queue.Put(std::move(value), absl::Milliseconds(1)));
    EXPECT_EQ(value, "hi");
    EXPECT_EQ(queue.TryGet(), std::nullopt);
    EXPECT_EQ(queue.Unfinished(), 0u);
  });
}

TEST(RendezvousQueue, CountsATaskWhenItWasGot) {
  Queue<int> queue(0);
  auto putter = Spawn([&] { queue.Put(5); });
  EXPECT_EQ(queue.Get(), 5);
  EXPECT_EQ(queue.Unfinished(), 1u);
  queue.TaskDone();
  EXPECT_EQ(queue.Unfinished(), 0u);
  putter.Wait();
}

TEST(RendezvousQueue, PassesOverGettersThatWereKilled) {
  Queue<int> queue(0);
  std::vector<int> got;
  const auto fetch = [&] { got.push_back(queue.Get()); };
  for (int i = 0; i < 10; ++i) {
    SpawnN(fetch);
    auto bad = Spawn(fetch);
    SpawnN([bad = std::move(bad)]() mutable { bad.Kill(); });
  }
  Yield();
  for (int i = 0; i < 10; ++i) queue.Put(i);
  EXPECT_THAT(got, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
}

TEST(RendezvousQueue, TryGetInACallbackTakesFromAPutter) {
  InSimulatedTime([](SimulatedTime&) {
    Queue<int> queue(0);
    auto putter = Spawn([&] { queue.Put(5); });
    Yield();
    EXPECT_TRUE(queue.Empty());
    EXPECT_TRUE(queue.Full());
    std::optional<int> got;
    Hub::Current().CallAfter(absl::ZeroDuration(),
                             [&] { got = queue.TryGet(); });
    Sleep(absl::Milliseconds(1));
    EXPECT_EQ(got, 5);
    EXPECT_TRUE(putter.Finished());
    EXPECT_TRUE(queue.Empty());
    EXPECT_TRUE(queue.Full());
  });
}

TEST(RendezvousQueue, TryPutInACallbackGivesToAGetter) {
  InSimulatedTime([](SimulatedTime&) {
    Queue<int> queue(0);
    auto getter = Spawn([&] { return queue.Get(); });
    Yield();
    std::optional<bool> put;
    Hub::Current().CallAfter(absl::ZeroDuration(),
                             [&] { put = queue.TryPut(10); });
    Sleep(absl::Milliseconds(1));
    EXPECT_EQ(put, true);
    EXPECT_TRUE(getter.Finished());
    EXPECT_EQ(getter.Wait(), 10);
    EXPECT_TRUE(queue.Full());
    EXPECT_TRUE(queue.Empty());
  });
}

TEST(RendezvousQueue, TryPutWithoutAGetterKeepsItsValue) {
  Queue<std::unique_ptr<int>> queue(0);
  auto value = std::make_unique<int>(1);
  EXPECT_FALSE(queue.TryPut(std::move(value)));
  EXPECT_NE(value, nullptr);
}

// Who retries after an exception must not deliver twice.
TEST(RendezvousQueue, APutterThatIsKilledAfterItsValueWasTakenReturns) {
  Queue<int> queue(0);
  std::vector<std::string> events;
  auto getter = Spawn([&] { return queue.Get(); });
  Yield();
  auto putter = Spawn([&] {
    queue.Put(1);
    events.push_back("put");
    Yield();
    events.push_back("not reached");
  });
  auto killer = Spawn([&] { putter.Kill(); });
  killer.Wait();
  EXPECT_EQ(getter.Wait(), 1);
  EXPECT_THROW(putter.Wait(), GreenExit);
  EXPECT_THAT(events, ElementsAre("put"));
}

// The exception comes while it is ready to run, so Put is the next wait.
TEST(RendezvousQueue, APutterThatWasThrownAtBeforeGivesNothing) {
  Queue<int> rendezvous(0);
  Queue<int> start;
  auto getter = Spawn([&] { return rendezvous.Get(); });
  auto putter = Spawn([&] {
    start.Get();
    rendezvous.Put(1);
  });
  Yield();
  start.Put(0);
  putter.Kill();
  EXPECT_THROW(putter.Wait(), GreenExit);
  EXPECT_FALSE(getter.Finished());
  rendezvous.Put(2);
  EXPECT_EQ(getter.Wait(), 2);
}

TEST(RendezvousQueue, PutInACallbackIsRefusedAndGivesNothing) {
  InSimulatedTime([](SimulatedTime&) {
    Queue<int> queue(0);
    auto getter = Spawn([&] { return queue.Get(); });
    Yield();
    Hub::Current().CallAfter(absl::ZeroDuration(), [&] {
      EXPECT_THROW(queue.Put(1), std::logic_error);
    });
    Sleep(absl::Milliseconds(1));
    EXPECT_FALSE(getter.Finished());
    queue.Put(2);
    EXPECT_EQ(getter.Wait(), 2);
  });
}

}  // namespace
}  // namespace green
