#include "green/timeout.h"

#include <exception>
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

constexpr absl::Duration kDelay = absl::Milliseconds(10);

TEST(Timeout, NothingHappensWhenItEndsBeforeItExpires) {
  InSimulatedTime([](SimulatedTime&) {
    {
      const Timeout timeout(2 * kDelay);
      EXPECT_TRUE(timeout.Pending());
      Sleep(kDelay);
      EXPECT_TRUE(timeout.Pending());
    }
    EXPECT_EQ(Hub::Current().Stats().timers, 0u);
    Sleep(2 * kDelay);
  });
}

TEST(Timeout, IsThrownInTheWaitThatTakesTooLong) {
  InSimulatedTime([](SimulatedTime& time) {
    const Timeout timeout(kDelay);
    try {
      Sleep(2 * kDelay);
      FAIL() << "not interrupted";
    } catch (const TimeoutExpired& expired) {
      EXPECT_TRUE(expired.Of(timeout));
      EXPECT_EQ(expired.limit(), kDelay);
    }
    EXPECT_EQ(time.clock.Read().now_ns, absl::ToInt64Nanoseconds(kDelay));
    EXPECT_FALSE(timeout.Pending());
    Sleep(2 * kDelay);
  });
}

TEST(Timeout, ThrowsWhatItIsGiven) {
  InSimulatedTime([](SimulatedTime&) {
    const Timeout timeout(
        kDelay,
        std::make_exception_ptr(std::runtime_error("takes way too long")));
    try {
      Sleep(2 * kDelay);
      FAIL() << "not interrupted";
    } catch (const std::runtime_error& e) {
      EXPECT_STREQ(e.what(), "takes way too long");
    }
  });
}

TEST(Timeout, ThrowsTheExceptionThatIsBeingHandled) {
  InSimulatedTime([](SimulatedTime&) {
    try {
      throw std::out_of_range("first");
    } catch (...) {
      const Timeout timeout(kDelay, std::current_exception());
      EXPECT_THROW(Sleep(2 * kDelay), std::out_of_range);
    }
  });
}

TEST(Timeout, IsNotThrownOnceCancelled) {
  InSimulatedTime([](SimulatedTime&) {
    Timeout timeout(kDelay);
    timeout.Cancel();
    EXPECT_FALSE(timeout.Pending());
    timeout.Cancel();
    Sleep(2 * kDelay);
  });
}

TEST(Timeout, StartsAgainOnceItIsNotPending) {
  InSimulatedTime([](SimulatedTime& time) {
    Timeout timeout(kDelay);
    EXPECT_THROW(timeout.Start(), std::logic_error);
    timeout.Cancel();
    timeout.Start();
    EXPECT_TRUE(timeout.Pending());
    EXPECT_THROW(Sleep(2 * kDelay), TimeoutExpired);
    timeout.Start();
    EXPECT_THROW(Sleep(2 * kDelay), TimeoutExpired);
    EXPECT_EQ(time.clock.Read().now_ns, absl::ToInt64Nanoseconds(2 * kDelay));
  });
}

TEST(Timeout, InfiniteNeverExpires) {
  InSimulatedTime([](SimulatedTime&) {
    const Timeout timeout(absl::InfiniteDuration());
    EXPECT_FALSE(timeout.Pending());
    Sleep(absl::Hours(1'000'000));
  });
}

TEST(Timeout, ZeroOrLessExpiresAtTheNextWait) {
  for (const absl::Duration limit :
       {absl::ZeroDuration(), -absl::Seconds(1), -absl::InfiniteDuration()}) {
    InSimulatedTime([limit](SimulatedTime& time) {
      const Timeout timeout(limit);
      EXPECT_THROW(Sleep(kDelay), TimeoutExpired);
      EXPECT_EQ(time.clock.ticks(), 0);
    });
  }
}

TEST(Timeout, LetsGoOfItsException) {
  InSimulatedTime([](SimulatedTime&) {
    const auto watched = std::make_shared<int>();
    {
      const Timeout timeout(2 * kDelay, std::make_exception_ptr(watched));
      EXPECT_EQ(watched.use_count(), 2);
      Sleep(kDelay);
    }
    EXPECT_EQ(watched.use_count(), 1);
  });
}

TEST(Timeout, OfAShorterOuterLimitPassesTheInnerOne) {
  InSimulatedTime([](SimulatedTime&) {
    const Timeout outer(kDelay);
    {
      const Timeout inner(2 * kDelay);
      try {
        Sleep(3 * kDelay);
        FAIL() << "not interrupted";
      } catch (const TimeoutExpired& expired) {
        EXPECT_TRUE(expired.Of(outer));
        EXPECT_FALSE(expired.Of(inner));
      }
      EXPECT_FALSE(outer.Pending());
      EXPECT_TRUE(inner.Pending());
    }
    EXPECT_EQ(Hub::Current().Stats().timers, 0u);
  });
}

TEST(Timeout, OfAShorterInnerLimitLeavesTheOuterOne) {
  InSimulatedTime([](SimulatedTime&) {
    const Timeout outer(2 * kDelay);
    {
      const Timeout inner(kDelay);
      try {
        Sleep(3 * kDelay);
        FAIL() << "not interrupted";
      } catch (const TimeoutExpired& expired) {
        EXPECT_TRUE(expired.Of(inner));
      }
      EXPECT_TRUE(outer.Pending());
      EXPECT_FALSE(inner.Pending());
    }
    EXPECT_THROW(Sleep(3 * kDelay), TimeoutExpired);
  });
}

// The one that was set first is thrown first, the other one by the next wait.
TEST(Timeout, TwoThatExpireTogetherAreBothThrown) {
  InSimulatedTime([](SimulatedTime&) {
    const Timeout outer(kDelay);
    const Timeout inner(kDelay);
    std::vector<bool> were_outer;
    for (int i = 0; i < 2; ++i) {
      try {
        Sleep(2 * kDelay);
      } catch (const TimeoutExpired& expired) {
        were_outer.push_back(expired.Of(outer));
      }
    }
    EXPECT_THAT(were_outer, ElementsAre(true, false));
    Sleep(2 * kDelay);
  });
}

TEST(Timeout, ThatHasExpiredMayStillBeCancelledBeforeItIsThrown) {
  InSimulatedTime([](SimulatedTime& time) {
    Timeout first(kDelay);
    Timeout second(kDelay);
    EXPECT_THROW(Sleep(2 * kDelay), TimeoutExpired);
    EXPECT_TRUE(second.Pending());
    second.Cancel();
    EXPECT_FALSE(second.Pending());
    Sleep(kDelay);
    EXPECT_EQ(time.clock.Read().now_ns, absl::ToInt64Nanoseconds(2 * kDelay));
  });
}

TEST(Timeout, DoesNotInterruptWhatDoesNotWait) {
  InSimulatedTime([](SimulatedTime& time) {
    const Timeout timeout(kDelay);
    time.clock.AdvanceTo(1'000'000'000);
    EXPECT_TRUE(timeout.Pending());
    EXPECT_THROW(Sleep(kDelay), TimeoutExpired);
  });
}

TEST(Timeout, IsItsGreenThreadsAlone) {
  InSimulatedTime([](SimulatedTime&) {
    auto limited = Spawn([] {
      const Timeout timeout(kDelay);
      Sleep(absl::InfiniteDuration());
    });
    auto other = Spawn([] {
      Sleep(2 * kDelay);
      return 1;
    });
    EXPECT_THROW(limited.Wait(), TimeoutExpired);
    EXPECT_EQ(other.Wait(), 1);
  });
}

// The next green thread may live where that one did.
TEST(Timeout, OutlivesItsGreenThreadHarmlessly) {
  InSimulatedTime([](SimulatedTime&) {
    std::optional<Timeout> pending, expired;
    Spawn([&] {
      pending.emplace(kDelay);
      const Timeout shorter(absl::Nanoseconds(1));
      expired.emplace(absl::Nanoseconds(1));
      EXPECT_THROW(Sleep(kDelay), TimeoutExpired);
      EXPECT_TRUE(expired->Pending());
    }).Wait();
    EXPECT_FALSE(expired->Pending());
    Spawn([] { Sleep(2 * kDelay); }).Wait();
    EXPECT_FALSE(pending->Pending());
    expired->Start();
    EXPECT_THROW(Sleep(kDelay), TimeoutExpired);
  });
}

TEST(Timeout, AKillComesFirst) {
  InSimulatedTime([](SimulatedTime&) {
    std::vector<std::string> order;
    Event<void> end;
    auto thread = Spawn([&] {
      const Timeout timeout(kDelay);
      for (int i = 0; i < 2; ++i) {
        try {
          end.Wait();
        } catch (const GreenExit&) {
          order.push_back("killed");
        } catch (const TimeoutExpired&) {
          order.push_back("timed out");
        }
      }
    });
    Yield();
    Hub::Current().CallAfter(kDelay, [&] { thread.Kill(); });
    thread.Wait();
    EXPECT_THAT(order, ElementsAre("killed", "timed out"));
  });
}

TEST(Timeout, RefusesACallback) {
  InSimulatedTime([](SimulatedTime&) {
    int refused = 0;
    Hub::Current().CallAfter(absl::ZeroDuration(), [&] {
      EXPECT_THROW(const Timeout timeout(kDelay), std::logic_error);
      ++refused;
    });
    Sleep(kDelay);
    EXPECT_EQ(refused, 1);
  });
}

TEST(WithTimeout, ThrowsWhenTheLimitHasPassed) {
  InSimulatedTime([](SimulatedTime&) {
    EXPECT_THROW(WithTimeout(kDelay, Sleep, 10 * kDelay), TimeoutExpired);
    EXPECT_EQ(WithTimeout(
                  kDelay, [](int n) { return n + 1; }, 1),
              2);
    EXPECT_EQ(Hub::Current().Stats().timers, 0u);
  });
}

TEST(WithTimeoutOr, GivesTheOtherValueWhenTheLimitHasPassed) {
  InSimulatedTime([](SimulatedTime&) {
    const auto sleep = [](absl::Duration duration) -> std::string {
      Sleep(duration);
      return "slept";
    };
    EXPECT_EQ(WithTimeoutOr("late", kDelay, sleep, 10 * kDelay), "late");
    EXPECT_EQ(WithTimeoutOr("late", 10 * kDelay, sleep, kDelay), "slept");
  });
}

TEST(WithTimeoutOr, DoesNotCatchAnOuterLimit) {
  InSimulatedTime([](SimulatedTime& time) {
    const auto longer = [] {
      return WithTimeoutOr('b', 10 * kDelay, [] {
        Sleep(20 * kDelay);
        return 'c';
      });
    };
    EXPECT_THROW(WithTimeout(kDelay, longer), TimeoutExpired);
    EXPECT_EQ(time.clock.Read().now_ns, absl::ToInt64Nanoseconds(kDelay));
  });
}

}  // namespace
}  // namespace green
