#include "sample/load_limit.h"

#include "gtest/gtest.h"
#include "support/time_units.h"

namespace hubspy {
namespace {

// Looks that take `look_ns` each and begin every `period_ns`, for so long; the
// first time that the rate is lowered.
std::optional<RateLowered> After(LoadLimit& limit, int64_t& now_ns,
                                 int64_t look_ns, int64_t period_ns,
                                 int64_t duration_ns) {
  const int64_t end_ns = now_ns + duration_ns;
  while (now_ns < end_ns) {
    if (const auto lowered = limit.Note(now_ns, now_ns + look_ns)) {
      return lowered;
    }
    now_ns += std::max(period_ns, look_ns);
  }
  return std::nullopt;
}

TEST(LoadLimit, LeavesARateAloneThatIsHeld) {
  LoadLimit limit(1000, 0);
  int64_t now = 0;
  EXPECT_FALSE(After(limit, now, kMs * 6 / 10, kMs, 60'000 * kMs));
}

TEST(LoadLimit, LowersToWhatLeavesHalfOfTheTime) {
  LoadLimit limit(10'000, 0);
  int64_t now = 0;
  const auto lowered =
      After(limit, now, kMs * 21 / 100, kMs / 10, 60'000 * kMs);
  ASSERT_TRUE(lowered);
  EXPECT_EQ(lowered->from_hz, 10'000);
  EXPECT_EQ(lowered->to_hz, 2300);  // 0.5 / 210 us, in two digits
  EXPECT_EQ(lowered->look_ns, kMs * 21 / 100);
  EXPECT_LE(now, 1100 * kMs);
  // And that is held.
  EXPECT_FALSE(After(limit, now, kMs * 21 / 100, kMs * 10 / 23, 60'000 * kMs));
}

TEST(LoadLimit, LowersAgainWhenLooksTakeLongerLater) {
  LoadLimit limit(1000, 0);
  int64_t now = 0;
  ASSERT_TRUE(After(limit, now, 2 * kMs, kMs, 60'000 * kMs));
  const auto again = After(limit, now, 20 * kMs, 4 * kMs, 60'000 * kMs);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->from_hz, 250);
  EXPECT_EQ(again->to_hz, 25);
}

TEST(LoadLimit, IsNotMovedByAMachineThatStoodStillOnce) {
  LoadLimit limit(100, 0);
  int64_t now = 0;
  EXPECT_FALSE(After(limit, now, kMs / 100, 10 * kMs, 1000 * kMs));
  EXPECT_FALSE(limit.Note(now, now + 3000 * kMs));
  now += 3000 * kMs;
  EXPECT_FALSE(After(limit, now, kMs / 100, 10 * kMs, 60'000 * kMs));
}

TEST(LoadLimit, DoesNotGoBelowOneASecond) {
  LoadLimit limit(100, 0);
  int64_t now = 0;
  const auto lowered = After(limit, now, 5000 * kMs, 10 * kMs, 60'000 * kMs);
  ASSERT_TRUE(lowered);
  EXPECT_EQ(lowered->to_hz, 1);
  EXPECT_FALSE(After(limit, now, 5000 * kMs, 1000 * kMs, 60'000 * kMs));
}

}  // namespace
}  // namespace hubspy
