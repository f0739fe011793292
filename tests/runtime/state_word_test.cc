// How much there is of what a green thread waits for, as it is published.
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "green/green.h"
#include "green/introspect_abi.h"
#include "gtest/gtest.h"
#include "runtime/hub_testing.h"
#include "runtime/introspect_testing.h"

namespace green {
namespace {

// Of what the one of that name waits for: how much there is, as an observer
// reads it, at any later time, too.
const int64_t* StateWord(const Record& hub, const std::string& name) {
  return reinterpret_cast<const int64_t*>(
      Named(hub, name)->Get(abi::kGreenWaitsOn));
}

template <typename Function>
auto SpawnNamed(const std::string& name, Function function) {
  auto thread = Spawn(std::move(function));
  thread.SetName(name);
  return thread;
}

TEST(GreenRecord, TellsHowMuchThereIsOfWhatItWaitsFor) {
  InSimulatedTime([](SimulatedTime&) {
    const Record hub = MyHub();
    EXPECT_NE(hub.Get(abi::kHubStateWords), 0u);
    Event<int> event;
    Semaphore semaphore(0);
    CappedSemaphore empty(0, 3);
    CappedSemaphore full(3, 3);
    Queue<int> items(2);
    Queue<int> room(2);
    Queue<int> work;
    TokenPool tokens(1);
    for (int i : {1, 2}) room.Put(i);
    work.Put(1);
    const Token token = tokens.Get();
    auto on_event = SpawnNamed("event", [&] { event.Wait(); });
    auto on_semaphore = SpawnNamed("semaphore", [&] { semaphore.Acquire(); });
    auto on_empty = SpawnNamed("empty", [&] { empty.Acquire(); });
    auto on_full = SpawnNamed("full", [&] { full.Release(); });
    auto on_item = SpawnNamed("item", [&] { items.Get(); });
    auto on_room = SpawnNamed("room", [&] { room.Put(3); });
    auto on_end = SpawnNamed("end", [&] { work.Join(); });
    auto on_token = SpawnNamed("token", [&] { tokens.Get(); });
    Yield();
    std::map<std::string, const int64_t*> words;
    for (const char* const name : {"event", "semaphore", "empty", "full",
                                   "item", "room", "end", "token"}) {
      words[name] = StateWord(hub, name);
      EXPECT_LE(*words[name], 0) << name;
    }
    // What is waited for comes, and then more of it.
    event.Send(1);
    for (int i = 0; i < 3; ++i) semaphore.Release();
    for (int i = 0; i < 2; ++i) empty.Release();
    for (int i = 0; i < 3; ++i) full.Acquire();
    for (int i = 0; i < 3; ++i) items.Put(i);
    for (int i = 0; i < 2; ++i) room.Get();
    work.TaskDone();
    tokens.Put(token);
    tokens.Resize(6);
    EXPECT_EQ(*words["event"], 1);
    EXPECT_EQ(*words["semaphore"], 2);
    EXPECT_EQ(*words["empty"], 1);
    EXPECT_EQ(*words["full"], 2);
    EXPECT_EQ(*words["item"], 2);
    EXPECT_EQ(*words["room"], 1);
    EXPECT_EQ(*words["end"], 1);
    EXPECT_EQ(*words["token"], 5);
    event.Reset();
    EXPECT_EQ(*words["event"], 0);
    room.Resize(0);
    EXPECT_EQ(*words["room"], -1);
    Yield();
  });
}

TEST(GreenRecord, ForgetsWhatItWaitsForWhenThatIsGone) {
  InSimulatedTime([](SimulatedTime&) {
    const Record hub = MyHub();
    auto event = std::make_unique<Event<int>>();
    auto waiter = SpawnNamed("waiter", [&] { event->Wait(); });
    Yield();
    EXPECT_NE(Named(hub, "waiter")->Get(abi::kGreenWaitsOn), 0u);
    event.reset();
    EXPECT_EQ(Named(hub, "waiter")->Get(abi::kGreenWaitsOn), 0u);
    waiter.Kill();
  });
}

}  // namespace
}  // namespace green
