#include "target/linux/cpu_share.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/time_units.h"

namespace hubspy {
namespace {

// Looks every 10 ms at a thread, of which the kernel counts what it does.
class CpuShareTest : public testing::Test {
 protected:
  // How many of these looks find it waiting; it does so for `waits_ns` of each
  // time between two, and runs for the rest.
  int Waiting(int looks, int64_t waits_ns) {
    int waiting = 0;
    for (int i = 0; i < looks; ++i) {
      schedule_.wait_ns += waits_ns;
      schedule_.run_ns += 10 * kMs - waits_ns;
      waiting += Look() == ThreadState::kRunnable;
    }
    return waiting;
  }
  ThreadState Look() {
    now_ns_ += 10 * kMs;
    share_.Note(schedule_, now_ns_);
    return share_.Next();
  }

  CpuShare share_;
  ThreadSchedule schedule_{.run_ns = 500 * kMs, .wait_ns = 700 * kMs};
  int64_t now_ns_ = 0;
};

TEST_F(CpuShareTest, WhoGetsACpuRuns) { EXPECT_EQ(Waiting(1000, 0), 0); }

TEST_F(CpuShareTest, AsManyLooksWaitAsTimeWasWaited) {
  EXPECT_NEAR(Waiting(1000, 5 * kMs), 500, 2);
  // What was before is not over at once.
  EXPECT_NEAR(Waiting(1000, 9 * kMs), 900, 15);
  EXPECT_NEAR(Waiting(1000, 1 * kMs), 100, 15);
}

TEST_F(CpuShareTest, IsOfLate) {
  Waiting(1000, 9 * kMs);
  Waiting(100, 0);
  EXPECT_EQ(Waiting(100, 0), 0);
}

// What it runs is only counted with each tick, of 10 ms here, and more seldom
// than it is looked at.
TEST_F(CpuShareTest, NoTickIsNoWait) {
  for (int i = 0; i < 1000; ++i) {
    if (i % 2 == 0) schedule_.run_ns += 20 * kMs;
    EXPECT_EQ(Look(), ThreadState::kRunning);
  }
}

TEST_F(CpuShareTest, AWaitThatIsNotOverIsSeen) {
  Waiting(100, 0);
  int waiting = 0;
  for (int i = 0; i < 500; ++i) waiting += Look() == ThreadState::kRunnable;
  EXPECT_GT(waiting, 480);
}

// It is counted when it is over, and is not then waited for again.
TEST_F(CpuShareTest, AWaitIsSeenOnce) {
  Waiting(100, 0);
  for (int i = 0; i < 20; ++i) Look();
  schedule_.wait_ns += 200 * kMs;
  schedule_.run_ns += 200 * kMs;
  EXPECT_LE(Waiting(20, 0), 8);
}

TEST_F(CpuShareTest, WaitsAfterALongOneAreSeen) {
  for (int i = 0; i < 100; ++i) Look();
  schedule_.wait_ns += 1000 * kMs;
  Waiting(100, 0);
  EXPECT_NEAR(Waiting(100, 5 * kMs), 50, 8);
}

TEST_F(CpuShareTest, CountsThatGoBackwardsAreNothing) {
  Waiting(10, 5 * kMs);
  schedule_ = {};
  EXPECT_NO_FATAL_FAILURE(Waiting(10, 5 * kMs));
}

}  // namespace
}  // namespace hubspy
