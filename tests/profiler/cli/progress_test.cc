#include "cli/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "support/time_units.h"

namespace hubspy {
namespace {

class SimulatedWaiter : public Waiter {
 public:
  int64_t NowNs() override { return now_ns; }
  void WaitUntil(int64_t until_ns) override { now_ns = until_ns; }
  bool stop_requested() const override { return false; }
  int64_t now_ns = 0;
};

std::string Shown(Progress::Options options, int64_t wait_ns) {
  SimulatedWaiter waiter;
  Recording recording;
  recording.quality.samples = 1700;
  std::ostringstream out;
  {
    Progress progress(waiter, recording, out, options);
    progress.WaitUntil(wait_ns);
  }
  EXPECT_EQ(waiter.now_ns, wait_ns);
  return out.str();
}

TEST(Progress, IsALineEveryTenSeconds) {
  EXPECT_EQ(Shown({.until_ns = 60 * kSecond}, 25 * kSecond),
            "0:10 of 1:00: 1,700 samples.\n0:20 of 1:00: 1,700 samples.\n");
  EXPECT_EQ(Shown({}, 10 * kSecond), "0:10: 1,700 samples.\n");
  EXPECT_EQ(Shown({}, 9 * kSecond), "");
}

TEST(Progress, IsABarOnATerminalWhichIsTakenAway) {
  EXPECT_EQ(
      Shown({.look = Progress::Look::kBar, .until_ns = kSecond}, kSecond / 2),
      "\r\x1B[K[=====>              ] 25%, 0:01 left, 1,700 samples"
      "\r\x1B[K[==========>         ] 50%, 0:01 left, 1,700 samples"
      "\r\x1B[K");
}

TEST(Progress, IsNothingWhenNotWanted) {
  EXPECT_EQ(Shown({.look = Progress::Look::kNone}, 100 * kSecond), "");
}

TEST(ProgressBar, SaysErrorsAndLongTimes) {
  EXPECT_EQ(
      ProgressBar({.samples = 1, .failed = 1234}, 3723 * kSecond, INT64_MAX),
      "1:02:03, 1 sample, 1,234 errors");
  EXPECT_EQ(ProgressBar({}, kSecond, 0),
            "[====================] 100%, 0:00 left, 0 samples");
}

}  // namespace
}  // namespace hubspy
