#include "green/green_pile.h"

#include <array>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "green/debug.h"
#include "green/green_pool.h"
#include "green/green_thread.h"
#include "green/hub.h"
#include "green/timeout.h"
#include "gtest/gtest.h"
#include "runtime/hub_testing.h"
#include "runtime/input_testing.h"

namespace green {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

template <typename R>
auto All(GreenPile<R>& pile) {
  std::vector<typename GreenPile<R>::value_type> results;
  for (auto&& result : pile) results.push_back(std::move(result));
  return results;
}

std::vector<int> FromTo(int begin, int end) {
  std::vector<int> numbers;
  for (int i = begin; i < end; ++i) numbers.push_back(i);
  return numbers;
}

TEST(GreenPile, GivesResultsInTheOrderOfSpawning) {
  InSimulatedTime([](SimulatedTime&) {
    GreenPile<int> pile(4);
    for (int i = 0; i < 10; ++i) pile.Spawn(PassAfterAWhile, i);
    EXPECT_THAT(All(pile), ElementsAreArray(FromTo(0, 10)));
    pile.Spawn(PassAfterAWhile, 10);
    EXPECT_THAT(All(pile), ElementsAre(10));
  });
}

TEST(GreenPile, IsEmptyWhenNothingWasSpawned) {
  GreenPile<int> pile(4);
  EXPECT_THAT(All(pile), IsEmpty());
  EXPECT_FALSE(pile.Next().has_value());
}

TEST(GreenPile, ASpawnThatGivesUpLeavesNoGap) {
  InSimulatedTime([](SimulatedTime&) {
    GreenPile<int> pile(4);
    for (int i = 0; i < 4; ++i) pile.Spawn(PassAfterAWhile, i);
    {
      const Timeout limit(absl::ZeroDuration());
      EXPECT_THROW(pile.Spawn(PassAfterAWhile, 99), TimeoutExpired);
    }
    for (int i = 4; i < 10; ++i) pile.Spawn(PassAfterAWhile, i);
    EXPECT_THAT(All(pile), ElementsAreArray(FromTo(0, 10)));
  });
}

TEST(GreenPile, SeveralMayShareAPool) {
  InSimulatedTime([](SimulatedTime&) {
    GreenPool pool(2);
    GreenPile<int> one(pool);
    GreenPile<int> other(pool);
    const auto work = [](GreenPile<int>* pile, int first) {
      for (int i = 0; i < 10; ++i) pile->Spawn(PassAfterAWhile, first + i);
    };
    SpawnN(work, &one, 0);
    SpawnN(work, &other, 100);
    Yield();
    EXPECT_THAT(All(other), ElementsAreArray(FromTo(100, 110)));
    EXPECT_THAT(All(one), ElementsAreArray(FromTo(0, 10)));
  });
}

TEST(GreenPile, ThrowsWhatACallHasThrownAndGoesOn) {
  GreenPile<int> pile(4);
  for (int i = 0; i < 3; ++i) {
    pile.Spawn([i] {
      if (i == 1) throw std::runtime_error("on purpose");
      return i;
    });
  }
  EXPECT_EQ(pile.Next(), 0);
  EXPECT_THROW(pile.Next(), std::runtime_error);
  EXPECT_EQ(pile.Next(), 2);
  EXPECT_FALSE(pile.Next().has_value());
}

TEST(GreenPile, ConvertsWhatItsCallsReturn) {
  GreenPile<std::string> strings(4);
  strings.Spawn([](const char* text) { return text; }, "text");
  EXPECT_THAT(All(strings), ElementsAre("text"));
  GreenPile<void> nothing(4);
  nothing.Spawn([] { return 5; });
  nothing.Spawn([own = std::make_unique<int>()] {});
  EXPECT_THAT(All(nothing), ElementsAre(std::monostate(), std::monostate()));
}

TEST(GreenPile, MovesResultsThatCannotBeCopied) {
  GreenPile<std::unique_ptr<int>> pile(4);
  pile.Spawn([] { return std::make_unique<int>(5); });
  EXPECT_EQ(**pile.Next(), 5);
}

TEST(GreenPile, SaysWhatWhoTakesWaitsFor) {
  GreenPool pool(0);
  GreenPile<int> pile(pool);
  auto spawner = Spawn([&] { pile.Spawn(PassAfterAWhile, 1); });
  auto taker = Spawn([&] { return pile.Next(); });
  Yield();
  taker.SetName("taker");
  testing::internal::CaptureStderr();
  debug::DumpHub();
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("(taker): waits for a pool at 0x"));
  spawner.Kill();
  taker.Wait();
}

TEST(GreenPile, RefusesANegativeSize) {
  EXPECT_THROW(GreenPile<int>(-1), std::invalid_argument);
}

TEST(GreenPile, WhoTakesIsToldWhenTheOnlySpawnerGivesUp) {
  InSimulatedTime([](SimulatedTime&) {
    GreenPool pool(0);
    GreenPile<int> pile(pool);
    auto spawner = Spawn([&] { pile.Spawn(PassAfterAWhile, 1); });
    auto taker = Spawn([&] { return pile.Next(); });
    Yield();
    EXPECT_FALSE(taker.Finished());
    spawner.Kill();
    EXPECT_EQ(taker.Wait(), std::nullopt);
  });
}

TEST(GreenPile, WhoTakesIsToldThoughTheOneBeforeGivesUp) {
  InSimulatedTime([](SimulatedTime&) {
    GreenPool pool(0);
    GreenPile<int> pile(pool);
    const auto spawn = [&] {
      pile.Spawn([] {
        Sleep(absl::Seconds(1));
        return 1;
      });
    };
    auto first_spawner = Spawn(spawn);
    auto other_spawner = Spawn(spawn);
    auto first_taker = Spawn([&] { pile.Next(); });
    auto other_taker = Spawn([&] { return pile.Next(); });
    Yield();
    pool.Resize(1);
    first_spawner.Wait();
    pool.Resize(0);
    Yield();
    first_taker.Kill();
    const Timeout limit(absl::Seconds(2));
    EXPECT_EQ(other_taker.Wait(), 1);
    other_spawner.Kill();
  });
}

TEST(GreenPile, MayGoWhileOneSpawnsAndOneTakes) {
  InSimulatedTime([](SimulatedTime&) {
    GreenPool pool(1);
    auto pile = std::make_unique<GreenPile<int>>(pool);
    pile->Spawn([] {
      Sleep(absl::Seconds(1));
      return 1;
    });
    auto spawner = Spawn([&] { pile->Spawn(PassAfterAWhile, 2); });
    auto taker = Spawn([&] { return *pile->Next(); });
    Yield();
    pile.reset();
    EXPECT_EQ(taker.Wait(), 1);
    spawner.Wait();
    pool.WaitAll();
  });
}

TEST(GreenPile, WithAPoolOfItsOwnMayGoBeforeItsCalls) {
  InSimulatedTime([](SimulatedTime&) {
    int ended = 0;
    {
      GreenPile<void> pile(1);
      pile.Spawn([&] {
        Sleep(absl::Seconds(1));
        ++ended;
      });
      Yield();
    }
    Sleep(absl::Seconds(2));
    EXPECT_EQ(ended, 1);
    EXPECT_EQ(Hub::Current().Stats().green_threads, 0u);
  });
}

// Three spawners and a taker, who each keep the others waiting.
void ExpectOrder(int places) {
  constexpr int kCalls = 1000;
  using Token = std::pair<int, int>;  // spawner, number
  std::mt19937 random(0);
  const auto chance = [&](double of_one) {
    return static_cast<double>(random() % 1000) < 1000 * of_one;
  };
  GreenPile<Token> pile(places);
  const auto work = [&](Token token) {
    while (chance(0.5)) Sleep(absl::Microseconds(random() % 1000));
    if (chance(0.2)) throw token;
    return token;
  };
  for (int spawner : {1, 2, 3}) {
    SpawnN([&, spawner] {
      for (int i = 0; i < kCalls; ++i) pile.Spawn(work, Token(spawner, i));
    });
  }
  pile.Spawn(work, Token(0, 0));
  std::array<int, 4> latest{-1, -1, -1, -1};
  for (int received = 1;; ++received) {
    std::optional<Token> token;
    try {
      token = pile.Next();
    } catch (const Token& thrown) {
      token = thrown;
    }
    if (!token.has_value()) break;
    if (received % 5 == 0) Sleep(absl::Microseconds(100));
    const auto [spawner, number] = *token;
    ASSERT_EQ(number, latest[spawner] + 1);
    latest[spawner] = number;
  }
  EXPECT_THAT(latest, ElementsAre(0, kCalls - 1, kCalls - 1, kCalls - 1));
}

TEST(GreenPileStress, KeepsTheOrderOfFewAtATime) {
  InSimulatedTime([](SimulatedTime&) { ExpectOrder(5); });
}

TEST(GreenPileStress, KeepsTheOrderOfManyAtATime) {
  InSimulatedTime([](SimulatedTime&) { ExpectOrder(50); });
}

}  // namespace
}  // namespace green
