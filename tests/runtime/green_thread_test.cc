#include "green/green_thread.h"

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "green/hub.h"
#include "gtest/gtest.h"
#include "runtime/hub_testing.h"

namespace green {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Spawn, RunsNothingBeforeTheSpawnerWaits) {
  bool ran = false;
  auto thread = Spawn([&] { ran = true; });
  EXPECT_FALSE(ran);
  EXPECT_FALSE(thread.Finished());
  thread.Wait();
  EXPECT_TRUE(ran);
  EXPECT_TRUE(thread.Finished());
}

TEST(Spawn, RunsInTheOrderOfSpawning) {
  std::vector<int> order;
  for (int i = 0; i < 5; ++i) SpawnN([&order, i] { order.push_back(i); });
  Yield();
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3, 4));
}

std::string Join(const std::string& a, std::string b, int n) {
  return a + b + std::to_string(n);
}

TEST(Spawn, CopiesArgumentsAsStdThreadDoes) {
  std::optional<GreenThread<std::string>> thread;
  {
    const std::string a = "a";
    thread = Spawn(Join, a, "b", 3);
  }
  EXPECT_EQ(thread->Wait(), "ab3");
}

TEST(Spawn, TakesMoveOnlyCallablesAndArguments) {
  auto thread = Spawn(
      [p = std::make_unique<int>(1)](std::unique_ptr<int> q)
          -> std::unique_ptr<int> { return std::make_unique<int>(*p + *q); },
      std::make_unique<int>(2));
  EXPECT_EQ(*std::move(thread).Wait(), 3);
}

TEST(Spawn, TakesMemberFunctions) {
  struct Counter {
    int Add(int n) { return value += n; }
    int value = 1;
  } counter;
  EXPECT_EQ(Spawn(&Counter::Add, &counter, 2).Wait(), 3);
  EXPECT_EQ(counter.value, 3);
}

TEST(Spawn, DestroysTheCallWhenItIsDone) {
  auto watched = std::make_shared<int>(1);
  auto thread = Spawn([watched] { return *watched; });
  EXPECT_EQ(watched.use_count(), 2);
  thread.Wait();
  EXPECT_EQ(watched.use_count(), 1);
}

TEST(Wait, GivesTheResultEachTime) {
  auto thread = Spawn([] { return std::string("result"); });
  EXPECT_EQ(thread.Wait(), "result");
  EXPECT_EQ(thread.Wait(), "result");
}

TEST(Wait, GivesReferences) {
  int value = 0;
  auto thread = Spawn([&]() -> int& { return value; });
  EXPECT_EQ(&thread.Wait(), &value);
}

TEST(Wait, RethrowsEachTime) {
  auto thread = Spawn([]() -> int { throw std::runtime_error("boom"); });
  EXPECT_THROW(thread.Wait(), std::runtime_error);
  EXPECT_THROW(thread.Wait(), std::runtime_error);
}

TEST(Wait, WakesAllWaitersInOrder) {
  std::vector<int> order;
  auto target = Spawn([] { Sleep(absl::Milliseconds(1)); });
  for (int i = 0; i < 5; ++i) {
    SpawnN([&, i] {
      target.Wait();
      order.push_back(i);
    });
  }
  target.Wait();
  Yield();
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3, 4));
}

TEST(Wait, RefusesToWaitForItself) {
  std::optional<GreenThread<void>> self;
  self = Spawn([&] { EXPECT_THROW(self->Wait(), std::logic_error); });
  self->Wait();
}

TEST(Wait, RefusesAnotherThreadsGreenThread) {
  auto thread = Spawn([] {});
  OnFreshThread([&] { EXPECT_THROW(thread.Wait(), std::logic_error); });
  thread.Wait();
}

TEST(Exceptions, WithoutAWaiterAreReportedWithNameAndId) {
  testing::internal::CaptureStderr();
  {
    auto thread = Spawn([] { throw std::runtime_error("boom"); });
    thread.SetName("worker");
    Yield();
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              AllOf(HasSubstr("green thread "), HasSubstr(" (worker) "),
                    HasSubstr("std::runtime_error: boom\n")));
}

TEST(Exceptions, OfOthersThanStdExceptionAreReportedByType) {
  testing::internal::CaptureStderr();
  SpawnN([] { throw 42; });
  Yield();
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr(": int\n"));
}

TEST(Exceptions, ThatWereWaitedForAreNotReported) {
  testing::internal::CaptureStderr();
  {
    auto thread = Spawn([] { throw std::runtime_error("boom"); });
    EXPECT_THROW(thread.Wait(), std::runtime_error);
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(), IsEmpty());
}

TEST(Exceptions, BeingHandledStayWithTheirGreenThread) {
  const auto handle = [](const std::string& what) {
    try {
      throw std::runtime_error(what);
    } catch (...) {
      Yield();
      Sleep(absl::Milliseconds(1));
      try {
        throw;
      } catch (const std::runtime_error& e) {
        return std::string(e.what());
      }
    }
  };
  auto a = Spawn(handle, "a");
  auto b = Spawn(handle, "b");
  EXPECT_EQ(handle("own code"), "own code");
  EXPECT_EQ(a.Wait(), "a");
  EXPECT_EQ(b.Wait(), "b");
  EXPECT_EQ(std::current_exception(), nullptr);
}

TEST(Exceptions, BeingThrownStayWithTheirGreenThread) {
  struct YieldsWhenDestroyed {
    ~YieldsWhenDestroyed() { Yield(); }
  };
  int seen_by_other = -1;
  auto throws = Spawn([] {
    YieldsWhenDestroyed yields;
    throw std::runtime_error("boom");
  });
  auto other = Spawn([&] { seen_by_other = std::uncaught_exceptions(); });
  EXPECT_THROW(throws.Wait(), std::runtime_error);
  other.Wait();
  EXPECT_EQ(seen_by_other, 0);
}

TEST(Yield, LetsAllThatAreReadyRunFirst) {
  std::vector<std::string> order;
  const auto work = [&](const std::string& name) {
    for (int i = 1; i <= 2; ++i) {
      order.push_back(name + std::to_string(i));
      Yield();
    }
  };
  auto a = Spawn(work, "a");
  auto b = Spawn(work, "b");
  a.Wait();
  b.Wait();
  EXPECT_THAT(order, ElementsAre("a1", "b1", "a2", "b2"));
}

TEST(Sleep, OfZeroOrLessIsAYield) {
  InSimulatedTime([](SimulatedTime& time) {
    bool ran = false;
    SpawnN([&] { ran = true; });
    Sleep(absl::ZeroDuration());
    EXPECT_TRUE(ran);
    Sleep(-absl::InfiniteDuration());
    EXPECT_EQ(time.poller.waits(), 0);
  });
}

TEST(Sleep, RoundsUpToTheClocksNanosecond) {
  InSimulatedTime([](SimulatedTime& time) {
    Sleep(absl::Nanoseconds(1) / 4);
    EXPECT_EQ(time.clock.ticks(), 1);
    Sleep(absl::Nanoseconds(3) / 2);
    EXPECT_EQ(time.clock.ticks(), 3);
  });
}

TEST(Sleep, ForEverOutlastsCenturies) {
  InSimulatedTime([](SimulatedTime&) {
    bool woke = false;
    SpawnN([&] {
      Sleep(absl::InfiniteDuration());
      woke = true;
    });
    Sleep(absl::Hours(24 * 365 * 200));
    EXPECT_FALSE(woke);
  });
}

TEST(SpawnAfter, BeginsWhenItsTimeHasCome) {
  InSimulatedTime([](SimulatedTime& time) {
    auto thread =
        SpawnAfter(absl::Seconds(3), [&] { return time.clock.ticks(); });
    Sleep(absl::Seconds(2));
    EXPECT_FALSE(thread.Finished());
    EXPECT_EQ(thread.Wait(), 3'000'000'000);
  });
}

TEST(ThreadExit, UnwindsGreenThreadsThatWait) {
  auto watched = std::make_shared<int>(1);
  bool saw_exit = false;
  OnFreshThread([&] {
    SpawnN([&, keep = watched] {
      const std::shared_ptr<int> on_stack = keep;
      try {
        Sleep(absl::InfiniteDuration());
      } catch (const GreenExit&) {
        saw_exit = true;
        throw;
      }
    });
    SpawnN([keep = watched] { Sleep(absl::InfiniteDuration()); });
    Yield();
    SpawnN([keep = watched] { ADD_FAILURE() << "must never begin"; });
  });
  EXPECT_TRUE(saw_exit);
  EXPECT_EQ(watched.use_count(), 1);
}

TEST(ThreadExit, LetsNobodyWaitAgain) {
  bool came_back = false;
  auto captured = std::make_shared<int>(1);
  std::optional<GreenThread<void>> thread;
  OnFreshThread([&] {
    thread = Spawn([&came_back, captured] {
      try {
        Sleep(absl::InfiniteDuration());
      } catch (...) {
      }
      Yield();
      came_back = true;
    });
    Yield();
  });
  EXPECT_FALSE(came_back);
  EXPECT_EQ(captured.use_count(), 1);
  EXPECT_THROW(thread->Wait(), GreenExit);
}

TEST(ThreadExit, AHandleMayOutliveTheHub) {
  std::optional<GreenThread<int>> never_began;
  std::optional<GreenThread<int>> ended;
  OnFreshThread([&] {
    ended = Spawn([] { return 7; });
    ended->Wait();
    never_began = Spawn([] { return 7; });
  });
  EXPECT_EQ(ended->Wait(), 7);
  EXPECT_THROW(never_began->Wait(), GreenExit);
  never_began->SetName("harmless");
}

TEST(ProcessExitDeathTest, MayBeCalledByAGreenThread) {
  EXPECT_EXIT(
      {
        SpawnN([] { Sleep(absl::InfiniteDuration()); });
        SpawnN([] { std::exit(3); });
        Yield();
      },
      testing::ExitedWithCode(3), "");
}

TEST(GreenThreads, ManyAtOnce) {
  OnFreshThread([] {
    int ended = 0;
    // No more than ThreadSanitizer can count, which is 8128.
    for (int i = 0; i < 5'000; ++i) {
      SpawnN([&] {
        Yield();
        ++ended;
      });
    }
    EXPECT_EQ(Hub::Current().Stats().green_threads, 5'000u);
    Yield();
    Yield();
    EXPECT_EQ(ended, 5'000);
    EXPECT_EQ(Hub::Current().Stats().green_threads, 0u);
  });
}

}  // namespace
}  // namespace green
