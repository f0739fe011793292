#include "green/green_map.h"

#include <algorithm>
#include <array>
#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "green/green_pool.h"
#include "green/green_thread.h"
#include "green/hub.h"
#include "green/queue.h"
#include "green/timeout.h"
#include "gtest/gtest.h"
#include "runtime/hub_testing.h"
#include "runtime/input_testing.h"

namespace green {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

static_assert(std::ranges::input_range<GreenMap<int>>);
static_assert(std::ranges::input_range<GreenMap<int&>>);
static_assert(std::ranges::input_range<GreenMap<std::unique_ptr<int>>>);
static_assert(std::movable<GreenMap<int>>);

std::vector<int> UpTo(int n) {
  std::vector<int> numbers;
  for (int i = 0; i < n; ++i) numbers.push_back(i);
  return numbers;
}

template <typename Map>
auto All(Map map) {
  std::vector<typename Map::value_type> results;
  for (auto&& result : map) results.push_back(std::move(result));
  return results;
}

TEST(IMap, GivesResultsInTheOrderOfItsInput) {
  InSimulatedTime([](SimulatedTime&) {
    GreenPool pool(4);
    EXPECT_THAT(All(pool.IMap(PassAfterAWhile, UpTo(10))),
                ElementsAreArray(UpTo(10)));
  });
}

TEST(IMap, OfNothingIsEmpty) {
  GreenPool pool(4);
  auto map = pool.IMap(PassAfterAWhile, std::vector<int>());
  EXPECT_FALSE(map.Next().has_value());
  EXPECT_FALSE(map.Next().has_value());
  EXPECT_TRUE(map.begin() == map.end());
}

TEST(IMap, TakesSeveralRangesUntilTheShortestEnds) {
  GreenPool pool(4);
  const auto pair = [](int a, std::string b) { return std::pair(a, b); };
  EXPECT_THAT(All(pool.IMap(pair, UpTo(9), std::vector<std::string>{"a", "b"})),
              ElementsAre(std::pair(0, "a"), std::pair(1, "b")));
}

TEST(StarMap, UnpacksTuples) {
  GreenPool pool(4);
  EXPECT_THAT(
      All(pool.StarMap(std::minus<int>(),
                       std::vector<std::pair<int, int>>{{5, 1}, {7, 2}})),
      ElementsAre(4, 5));
  EXPECT_THAT(All(pool.StarMap([](int a) { return a; },
                               std::vector<std::array<int, 1>>{{1}, {2}})),
              ElementsAre(1, 2));
}

int ThrowAtSevenAndOne(int number) {
  if (number == 1 || number == 7) throw std::runtime_error("on purpose");
  return number;
}

TEST(IMap, GoesOnAfterAnExceptionOfACall) {
  GreenPool pool(4);
  auto map = pool.IMap(ThrowAtSevenAndOne, UpTo(10));
  std::vector<int> results;
  for (;;) {
    try {
      const std::optional<int> result = map.Next();
      if (!result.has_value()) break;
      results.push_back(*result);
    } catch (const std::runtime_error&) {
      results.push_back(-1);
    }
  }
  EXPECT_THAT(results, ElementsAre(0, -1, 2, 3, 4, 5, 6, -1, 8, 9));
}

TEST(IMap, IteratesPastAnException) {
  GreenPool pool(4);
  auto map = pool.IMap(ThrowAtSevenAndOne, UpTo(4));
  std::vector<int> results;
  for (auto it = map.begin(); it != map.end(); ++it) {
    try {
      results.push_back(*it);
    } catch (const std::runtime_error&) {
      results.push_back(-1);
    }
  }
  EXPECT_THAT(results, ElementsAre(0, -1, 2, 3));
}

TEST(IMap, ALoopAfterAnExceptionBeginsWithTheNext) {
  GreenPool pool(4);
  auto map = pool.IMap(ThrowAtSevenAndOne, UpTo(4));
  std::vector<int> results;
  const auto take = [&] {
    for (const int result : map) results.push_back(result);
  };
  EXPECT_THROW(take(), std::runtime_error);
  take();
  EXPECT_THAT(results, ElementsAre(0, 2, 3));
}

TEST(IMap, ALoopThatWasLeftGoesOnWithTheNext) {
  GreenPool pool(2);
  auto map = pool.IMap(PassAfterAWhile, UpTo(3));
  for (const int first : map) {
    EXPECT_EQ(first, 0);
    break;
  }
  EXPECT_THAT(All(std::move(map)), ElementsAre(1, 2));
}

TEST(IMap, WhatIsSkippedIsNotWaitedFor) {
  InSimulatedTime([](SimulatedTime& time) {
    GreenPool pool(1);
    const auto sleep = [](int hours) {
      Sleep(absl::Hours(hours));
      return hours;
    };
    auto map = pool.IMap(sleep, std::vector<int>{1000, 0});
    auto it = map.begin();
    ASSERT_TRUE(it != map.end());
    ++it;
    ASSERT_TRUE(it != map.end());
    EXPECT_EQ(*it, 0);
    EXPECT_EQ(time.clock.Read().now_ns, 0);
    ++it;
    EXPECT_TRUE(it == map.end());
    EXPECT_THROW(*it, std::logic_error);
  });
}

auto Endless() {
  return InputOf(0, kNoEnd, [](int number) { return number; });
}

// Counts what is read of 0, 1, 2 and so on.
auto Counting(int& read) {
  return InputOf(0, kNoEnd, [&read](int number) {
    ++read;
    return number;
  });
}

TEST(IMap, ReadsAndRunsNoMoreThanItsSizeAhead) {
  InSimulatedTime([](SimulatedTime&) {
    constexpr int kSize = 3;
    GreenPool pool(kSize);
    int read = 0;
    int at_once = 0;
    int most = 0;
    auto map = pool.IMap(
        [&](int number) {
          most = std::max(most, ++at_once);
          Sleep(absl::Milliseconds(number * 7 % 5));
          --at_once;
          return number;
        },
        Counting(read));
    EXPECT_EQ(read, 0);
    for (int taken = 0; taken < 1000; ++taken) {
      if (taken % 5 == 0) Sleep(absl::Seconds(1));
      ASSERT_LE(read, taken + kSize);
      ASSERT_EQ(map.Next(), taken);
    }
    EXPECT_EQ(most, kSize);
    EXPECT_LE(Hub::Current().Stats().green_threads, size_t{kSize + 1});
  });
}

TEST(IMap, HasPlacesOfItsOwn) {
  GreenPool pool(1);
  auto caller =
      pool.Spawn([&] { return All(pool.IMap(PassAfterAWhile, UpTo(3))); });
  EXPECT_THAT(caller.Wait(), ElementsAre(0, 1, 2));
}

TEST(IMap, RefusesAPoolWithoutPlaces) {
  GreenPool pool(0);
  EXPECT_THROW(static_cast<void>(pool.IMap(PassAfterAWhile, UpTo(1))),
               std::logic_error);
}

TEST(IMap, MovesResultsThatCannotBeCopied) {
  GreenPool pool(2);
  std::vector<std::unique_ptr<int>> owned;
  for (std::unique_ptr<int> result :
       pool.IMap([](int n) { return std::make_unique<int>(n); }, UpTo(3))) {
    owned.push_back(std::move(result));
  }
  EXPECT_EQ(*owned.at(2), 2);
  auto map = pool.IMap([own = std::make_unique<int>(5)](
                           int n) { return std::make_unique<int>(n + *own); },
                       UpTo(1));
  EXPECT_EQ(**map.Next(), 5);
}

TEST(IMap, OfAFunctionThatReturnsNothing) {
  GreenPool pool(2);
  std::vector<int> called;
  const auto call = [&](int n) {
    if (n == 1) throw std::runtime_error("on purpose");
    called.push_back(n);
  };
  auto map = pool.IMap(call, UpTo(3));
  EXPECT_EQ(map.Next(), std::monostate());
  EXPECT_THROW(map.Next(), std::runtime_error);
  EXPECT_EQ(map.Next(), std::monostate());
  EXPECT_FALSE(map.Next().has_value());
  EXPECT_THAT(called, ElementsAre(0, 2));
  EXPECT_EQ(All(pool.IMap(call, std::vector<int>{2, 3, 4})).size(), 3u);
}

TEST(IMap, OfAFunctionThatReturnsAReference) {
  GreenPool pool(2);
  std::vector<int> numbers = UpTo(3);
  const auto at = [&](int i) -> int& { return numbers[i]; };
  for (int& number : pool.IMap(at, UpTo(3))) number += 10;
  auto map = pool.IMap(at, UpTo(1));
  map.Next()->get() = 7;
  EXPECT_THAT(numbers, ElementsAre(7, 11, 12));
}

struct Numbered {
  int Number() const { return number; }
  int number;
};

TEST(IMap, CallsMembers) {
  GreenPool pool(2);
  EXPECT_THAT(
      All(pool.IMap(&Numbered::Number, std::vector<Numbered>{{3}, {4}})),
      ElementsAre(3, 4));
}

TEST(IMap, AllCallsShareTheFunction) {
  GreenPool pool(2);
  EXPECT_THAT(
      All(pool.IMap([sum = 0](int n) mutable { return sum += n; }, UpTo(4))),
      ElementsAre(0, 1, 3, 6));
}

TEST(IMap, OwnsItsInputUnlessThatIsAView) {
  GreenPool pool(1);
  std::vector<int> numbers{1, 2};
  auto copied = pool.IMap(PassAfterAWhile, numbers);
  auto referred = pool.IMap(PassAfterAWhile, std::span(numbers));
  numbers[1] = 8;
  EXPECT_THAT(All(std::move(copied)), ElementsAre(1, 2));
  EXPECT_THAT(All(std::move(referred)), ElementsAre(1, 8));
}

TEST(IMap, AnExceptionOfItsInputComesAfterTheResultsBefore) {
  GreenPool pool(4);
  const auto throws_at_two = [](int n) {
    if (n == 2) throw std::out_of_range("no more input");
    return n;
  };
  auto map = pool.IMap(PassAfterAWhile, InputOf(0, 5, throws_at_two));
  EXPECT_EQ(map.Next(), 0);
  EXPECT_EQ(map.Next(), 1);
  EXPECT_THROW(map.Next(), std::out_of_range);
  EXPECT_FALSE(map.Next().has_value());

  auto other = pool.IMap(PassAfterAWhile, InputOf(0, 5, throws_at_two));
  std::vector<int> results;
  int thrown = 0;
  for (auto it = other.begin(); it != other.end(); ++it) {
    try {
      results.push_back(*it);
    } catch (const std::out_of_range&) {
      ++thrown;
    }
  }
  EXPECT_THAT(results, ElementsAre(0, 1));
  EXPECT_EQ(thrown, 1);
}

TEST(IMap, AnExceptionThatNobodyTakesIsReported) {
  OnFreshThread([] {
    GreenPool pool(4);
    testing::internal::CaptureStderr();
    {
      auto map = pool.IMap(PassAfterAWhile, InputOf(0, 1, [](int) -> int {
                             throw std::out_of_range("of the input");
                           }));
      Yield();
      auto other = pool.IMap(ThrowAtSevenAndOne, std::vector<int>{7});
      Yield();
      Yield();
    }
    const std::string report = testing::internal::GetCapturedStderr();
    EXPECT_THAT(report, HasSubstr("of the input"));
    EXPECT_THAT(report, HasSubstr("on purpose"));
  });
}

TEST(IMap, ATakeThatIsInterruptedTakesNothing) {
  InSimulatedTime([](SimulatedTime&) {
    GreenPool pool(2);
    const auto sleep = [](int n) {
      Sleep(absl::Seconds(1));
      return n;
    };
    auto map = pool.IMap(sleep, UpTo(2));
    {
      const Timeout limit(absl::Milliseconds(1));
      EXPECT_THROW(map.Next(), TimeoutExpired);
    }
    {
      const Timeout limit(absl::Milliseconds(1));
      EXPECT_THROW(*map.begin(), TimeoutExpired);
    }
    EXPECT_THAT(All(std::move(map)), ElementsAre(0, 1));
  });
}

TEST(IMap, SeveralMayTake) {
  InSimulatedTime([](SimulatedTime&) {
    GreenPool pool(3);
    auto map = pool.IMap(PassAfterAWhile, UpTo(20));
    std::vector<int> taken;
    std::vector<GreenThread<void>> takers;
    for (int i = 0; i < 4; ++i) {
      takers.push_back(Spawn([&] {
        while (const auto result = map.Next()) taken.push_back(*result);
      }));
    }
    for (auto& taker : takers) taker.Wait();
    EXPECT_THAT(taken, ElementsAreArray(UpTo(20)));
  });
}

TEST(AbandonedMap, ReadsNoMoreAndLetsItsCallsEnd) {
  InSimulatedTime([](SimulatedTime&) {
    int read = 0;
    int ended = 0;
    {
      GreenPool pool(3);
      auto map = pool.IMap(
          [&, owned = std::make_unique<int>(1)](int n) {
            Sleep(absl::Seconds(n));
            ended += *owned;
            return n;
          },
          Counting(read));
      EXPECT_EQ(map.Next(), 0);
    }
    const int read_then = read;
    EXPECT_LE(read_then, 4);
    Sleep(absl::Hours(1));
    EXPECT_EQ(read, read_then);
    EXPECT_EQ(ended, read_then);
    EXPECT_EQ(Hub::Current().Stats().green_threads, 0u);
  });
}

TEST(AbandonedMap, ThatHasNotBegunReadsNothing) {
  OnFreshThread([] {
    int read = 0;
    {
      GreenPool pool(3);
      auto map = pool.IMap(PassAfterAWhile, Counting(read));
    }
    Yield();
    EXPECT_EQ(read, 0);
    EXPECT_EQ(Hub::Current().Stats().green_threads, 0u);
  });
}

// The values that are put into a queue.
auto ValuesOf(Queue<int>& queue) {
  return InputOf(0, kNoEnd, [&queue](int) { return queue.Get(); });
}

TEST(AbandonedMap, LeavesInputThatWaitsBeforeItIsGone) {
  InSimulatedTime([](SimulatedTime&) {
    auto queue = std::make_unique<Queue<int>>();
    {
      GreenPool pool(3);
      auto map = pool.IMap(PassAfterAWhile, ValuesOf(*queue));
      queue->Put(1);
      EXPECT_EQ(map.Next(), 1);
      Yield();
      EXPECT_EQ(queue->Getting(), 1u);
    }
    EXPECT_EQ(queue->Getting(), 0u);
    EXPECT_EQ(Hub::Current().Stats().green_threads, 0u);
  });
}

TEST(AbandonedMap, MayGoInACallbackWhileItsInputWaits) {
  InSimulatedTime([](SimulatedTime&) {
    Queue<int> queue;
    GreenPool pool(3);
    std::optional map(pool.IMap(PassAfterAWhile, ValuesOf(queue)));
    Yield();
    Hub::Current().CallAfter(absl::Seconds(1), [&] { map.reset(); });
    Sleep(absl::Seconds(2));
    EXPECT_EQ(Hub::Current().Stats().green_threads, 0u);
  });
}

TEST(AbandonedMap, MayBeAnInputOfAnother) {
  InSimulatedTime([](SimulatedTime&) {
    GreenPool pool(2);
    const auto twice = [](int n) { return 2 * n; };
    EXPECT_THAT(All(pool.IMap(twice, pool.IMap(PassAfterAWhile, UpTo(5)))),
                ElementsAre(0, 2, 4, 6, 8));
    {
      Queue<int> queue;
      auto map = pool.IMap(twice, pool.IMap(PassAfterAWhile, ValuesOf(queue)));
      queue.Put(3);
      EXPECT_EQ(map.Next(), 6);
      Yield();
    }
    Sleep(absl::Seconds(1));
    EXPECT_EQ(Hub::Current().Stats().green_threads, 0u);
  });
}

TEST(AbandonedMap, MayBeLeftWithTheHub) {
  const auto held = std::make_shared<int>();
  std::optional<GreenMap<int>> left;
  OnFreshThread([&] {
    GreenPool pool(2);
    SpawnN([&, held] {
      for (int n : pool.IMap([held](int i) { return i; }, Endless())) {
        if (n == 5) Sleep(absl::InfiniteDuration());
      }
    });
    left = pool.IMap([held](int n) { return n; }, Endless());
    left->Next();
    Yield();
  });
  left.reset();
  EXPECT_EQ(held.use_count(), 1);
}

TEST(AbandonedMap, AssigningAnotherEndsNothing) {
  GreenPool pool(2);
  auto map = pool.IMap(PassAfterAWhile, UpTo(1));
  auto other = pool.IMap(PassAfterAWhile, std::vector<int>{5, 6});
  map = std::move(other);
  EXPECT_THAT(All(std::move(map)), ElementsAre(5, 6));
}

}  // namespace
}  // namespace green
