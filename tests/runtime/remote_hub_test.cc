#include "green/remote_hub.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "green/green.h"
#include "gtest/gtest.h"
#include "runtime/hub_testing.h"

namespace green {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A thread whose hub runs until it is told to stop.
class HubThread {
 public:
  HubThread()
      : thread_([this] {
          Event<void> stopped;
          stop_ = [&stopped] { stopped.Send(); };
          hub_ = Hub::Current().Remote();
          begun_.release();
          stopped.Wait();
        }) {
    begun_.acquire();
  }
  ~HubThread() {
    if (thread_.joinable()) Join();
  }

  const RemoteHub& hub() const { return hub_; }
  void Join() {
    hub_.Post(stop_);
    thread_.join();
  }

 private:
  RemoteHub hub_;
  std::function<void()> stop_;
  std::binary_semaphore begun_{0};
  std::thread thread_;
};

TEST(RemoteHub, CallsOnTheHubsThreadThoughItSleeps) {
  HubThread other;
  std::binary_semaphore called(0);
  std::thread::id where;
  EXPECT_TRUE(other.hub().Post([&] {
    where = std::this_thread::get_id();
    called.release();
  }));
  called.acquire();
  EXPECT_NE(where, std::this_thread::get_id());
}

TEST(RemoteHub, CallsThoughTheHubIsNeverIdle) {
  OnFreshThread([] {
    bool called = false;
    std::thread([&, hub = Hub::Current().Remote()] {
      hub.Post([&] { called = true; });
    }).join();
    while (!called) Yield();
  });
}

TEST(RemoteHub, CallsInTheOrderOfPosting) {
  std::vector<int> order;
  {
    HubThread other;
    for (int i = 0; i < 1000; ++i) {
      other.hub().Post([&order, i] { order.push_back(i); });
    }
  }
  ASSERT_EQ(order.size(), 1000u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(RemoteHub, LosesNothingThatManyThreadsPost) {
  constexpr int kThreads = 4;
  constexpr int kEach = 2000;
  int called = 0;
  {
    HubThread other;
    std::vector<std::thread> posters;
    for (int i = 0; i < kThreads; ++i) {
      posters.emplace_back([&] {
        for (int j = 0; j < kEach; ++j) {
          EXPECT_TRUE(other.hub().Post([&called] { ++called; }));
        }
      });
    }
    for (std::thread& poster : posters) poster.join();
  }
  EXPECT_EQ(called, kThreads * kEach);
}

TEST(RemoteHub, AFunctionMayPostAgainAndIsCalledInALaterTurn) {
  OnFreshThread([] {
    const RemoteHub hub = Hub::Current().Remote();
    const uint64_t before = Hub::Current().Stats().iterations;
    std::vector<uint64_t> turns;
    Event<void> done;
    std::function<void()> post = [&] {
      turns.push_back(Hub::Current().Stats().iterations - before);
      if (turns.size() == 3) {
        done.Send();
      } else {
        hub.Post(post);
      }
    };
    hub.Post(post);
    done.Wait();
    EXPECT_THAT(turns, ElementsAre(0, 1, 2));
  });
}

TEST(RemoteHub, SpawnsAGreenThreadThatMayWait) {
  HubThread other;
  std::binary_semaphore ended(0);
  std::string got;
  const bool spawned = other.hub().Spawn(
      [&](std::unique_ptr<std::string> value) {
        Sleep(absl::Microseconds(1));
        got = *value;
        ended.release();
      },
      std::make_unique<std::string>("moved"));
  EXPECT_TRUE(spawned);
  ended.acquire();
  EXPECT_EQ(got, "moved");
}

TEST(RemoteHub, KnowsWhereItsGreenThreadsWereSpawned) {
  HubThread other;
  std::binary_semaphore ended(0);
  std::string dump;
  other.hub().Spawn([&] {
    dump = debug::FormatHub();
    ended.release();
  });
  ended.acquire();
  EXPECT_THAT(dump, testing::ContainsRegex(
                        "spawned in [^\n]*_KnowsWhereItsGreenThreads"));
}

TEST(RemoteHub, AnExceptionIsReportedAndTheHubGoesOn) {
  std::string report;
  debug::SetReportSink(
      [&](absl::string_view text) { report = std::string(text); });
  {
    HubThread other;
    other.hub().Post([] { throw std::runtime_error("lost"); });
  }
  debug::SetReportSink(nullptr);
  EXPECT_THAT(report, HasSubstr("posted function"));
  EXPECT_THAT(report, HasSubstr("lost"));
}

TEST(RemoteHub, SaysWhenTheHubIsGone) {
  HubThread other;
  other.Join();
  const auto held = std::make_shared<int>(0);
  EXPECT_FALSE(other.hub().Post([held] {}));
  EXPECT_FALSE(other.hub().Spawn([held] {}));
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_FALSE(RemoteHub().Post([] {}));
}

TEST(RemoteHub, WhatComesTooLateIsDestroyedUncalled) {
  const auto held = std::make_shared<int>(0);
  OnFreshThread([&] {
    const RemoteHub hub = Hub::Current().Remote();
    for (int i = 0; i < 100'000; ++i) {
      hub.Post([held] { ADD_FAILURE() << "called"; });
    }
  });
  EXPECT_EQ(held.use_count(), 1);
}

TEST(RemoteHub, OfTheParentIsGoneInAForkedChild) {
  OnFreshThread([] {
    const RemoteHub hub = Hub::Current().Remote();
    const pid_t child = fork();
    if (child == 0) _exit(hub.Post([] {}) ? 1 : 0);
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(hub.Post([] {}));
  });
}

}  // namespace
}  // namespace green
