#include "sample/stall_tracker.h"

#include <cstdint>
#include <limits>
#include <vector>

#include "gtest/gtest.h"
#include "support/time_units.h"

namespace hubspy {
namespace {

constexpr int64_t kLimitNs = 10 * kMs;

// A hub as it publishes itself, driven by the test: times in milliseconds. Its
// own clock is 5 s behind the machine's.
class Hub {
 public:
  static constexpr int64_t kBehindNs = 5'000 * kMs;

  void Poll(int64_t at_ms) {
    ReadClock(at_ms);
    view_.poll_entered_real_ns = at_ms * kMs;
    view_.state = HubState::kPolling;
  }
  void WakeUp(int64_t at_ms) {
    view_.state = HubState::kRunning;
    ReadClock(at_ms);
  }
  void ReadClock(int64_t at_ms) {
    view_.last = {.now_ns = at_ms * kMs - kBehindNs,
                  .witness_real_ns = at_ms * kMs};
  }
  void SwitchTo(uint64_t green) {
    ++view_.switches;
    view_.current = Address(green);
  }
  void EndTurn() {
    ++view_.iterations;
    view_.current = Address();
  }
  // A whole turn of one green thread, and to the poller.
  void Turn(int64_t begin_ms, int64_t end_ms) {
    WakeUp(begin_ms);
    SwitchTo(1);
    EndTurn();
    Poll(end_ms);
  }
  HubView& view() { return view_; }

 private:
  HubView view_{.record = Address(64), .tid = 7, .state = HubState::kPolling};
};

class StallTrackerTest : public testing::Test {
 protected:
  StallTracker::Finding Read(int64_t at_ms) {
    return tracker_.Note(hub_.view(), at_ms * kMs, at_ms * kMs + 1000);
  }
  // That there is nothing to be told.
  void ReadNothing(int64_t at_ms) {
    const StallTracker::Finding finding = Read(at_ms);
    EXPECT_FALSE(finding.ended) << at_ms;
    EXPECT_FALSE(finding.unseen) << at_ms;
    EXPECT_FALSE(finding.look) << at_ms;
  }

  Hub hub_;
  StallTracker tracker_{{.limit_ns = kLimitNs, .watch_begin_ns = 0}};
};

TEST_F(StallTrackerTest, SleepingInThePollerIsNoStall) {
  hub_.Poll(1);
  for (int64_t ms = 2; ms < 1000; ms += 7) ReadNothing(ms);
  hub_.Turn(1000, 1001);
  ReadNothing(1002);
  EXPECT_FALSE(tracker_.Finish());
}

TEST_F(StallTrackerTest, ATurnThatEndsInThePollerIsKnownExactly) {
  hub_.Poll(1);
  ReadNothing(2);
  hub_.WakeUp(20);
  hub_.SwitchTo(1);
  ReadNothing(24);
  EXPECT_EQ(tracker_.look_due_ns(), 30 * kMs);
  EXPECT_TRUE(Read(30).look);
  hub_.EndTurn();
  hub_.Poll(33);
  const auto finding = Read(39);
  ASSERT_TRUE(finding.ended);
  EXPECT_EQ(finding.ended->begin_ns, 20 * kMs);
  EXPECT_EQ(finding.ended->end_ns, 33 * kMs);
  EXPECT_EQ(finding.ended->perhaps_longer_ns, 0);
  EXPECT_EQ(finding.ended->switches, 1u);
  EXPECT_EQ(finding.ended->held_ns, 13 * kMs);
  EXPECT_FALSE(finding.ended->began_before);
  EXPECT_EQ(tracker_.look_due_ns(), INT64_MAX);
}

TEST_F(StallTrackerTest, LooksAreDueAtTheLimitAndTwiceAndFourTimesThat) {
  hub_.Poll(1);
  ReadNothing(2);
  hub_.WakeUp(100);
  std::vector<int64_t> looks;
  for (int64_t ms = 100; ms < 200; ++ms) {
    if (Read(ms).look) looks.push_back(ms);
  }
  EXPECT_EQ(looks, (std::vector<int64_t>{110, 120, 140, 180}));
}

TEST_F(StallTrackerTest, ALateReadingLooksOnce) {
  hub_.Poll(1);
  ReadNothing(2);
  hub_.WakeUp(100);
  ReadNothing(101);
  EXPECT_TRUE(Read(145).look);
  EXPECT_EQ(tracker_.look_due_ns(), 180 * kMs);
}

TEST_F(StallTrackerTest, ALateReadingInventsNothing) {
  hub_.Poll(1);
  ReadNothing(2);
  // Woken just now, its clock not read yet: it is not known since when.
  hub_.view().state = HubState::kRunning;
  ReadNothing(500);
  hub_.ReadClock(500);
  ReadNothing(501);
  hub_.EndTurn();
  hub_.Poll(502);
  ReadNothing(900);
}

TEST_F(StallTrackerTest, ATurnBeforeTheNextLastedAsLongAsItWasSeen) {
  hub_.Poll(1);
  ReadNothing(2);
  hub_.WakeUp(10);
  ReadNothing(11);
  EXPECT_TRUE(Read(20).look);
  ReadNothing(22);
  hub_.EndTurn();
  hub_.WakeUp(23);  // the next one, without a poll
  const auto finding = Read(24);
  ASSERT_TRUE(finding.ended);
  EXPECT_EQ(finding.ended->end_ns, 22 * kMs);
  EXPECT_EQ(finding.ended->perhaps_longer_ns, 1 * kMs);
  EXPECT_EQ(tracker_.look_due_ns(), 33 * kMs);
}

TEST_F(StallTrackerTest, WhatMayHaveBeenAStallIsNone) {
  hub_.Poll(1);
  ReadNothing(2);
  hub_.WakeUp(10);
  ReadNothing(11);
  hub_.EndTurn();
  hub_.Turn(12, 13);
  hub_.Turn(14, 15);
  const auto finding = Read(40);
  EXPECT_FALSE(finding.ended);
  EXPECT_EQ(finding.blind_ns, 29 * kMs - 1000);
}

TEST_F(StallTrackerTest, AClockReadInTheMidstDoesNotMoveTheBeginning) {
  hub_.Poll(1);
  ReadNothing(2);
  hub_.WakeUp(10);
  ReadNothing(11);
  hub_.ReadClock(18);
  EXPECT_TRUE(Read(20).look);
  hub_.ReadClock(24);
  hub_.EndTurn();
  hub_.Poll(25);
  const auto finding = Read(26);
  ASSERT_TRUE(finding.ended);
  EXPECT_EQ(finding.ended->begin_ns, 10 * kMs);
  EXPECT_EQ(finding.ended->end_ns, 25 * kMs);
}

// Each such reading was once taken for the beginning of a turn that then lasted
// as long as the poll.
TEST_F(StallTrackerTest, AReadingWhileItWritesThatItPollsBeginsNoTurn) {
  hub_.Poll(1);
  ReadNothing(2);
  hub_.WakeUp(10);
  hub_.EndTurn();
  hub_.ReadClock(11);  // and has not written yet that it polls since then
  ReadNothing(11);
  hub_.Poll(11);
  hub_.WakeUp(60);
  ReadNothing(61);
  EXPECT_EQ(tracker_.look_due_ns(), 70 * kMs);
}

TEST_F(StallTrackerTest, AReadingBetweenTheClockAndItsRecordLosesNothing) {
  hub_.Poll(1);
  hub_.view().state = HubState::kRunning;  // it saw 10 ms on its clock
  ReadNothing(12);
  hub_.ReadClock(10);
  ReadNothing(13);
  EXPECT_EQ(tracker_.look_due_ns(), 20 * kMs);
}

// Between two turns the clock says when the one before began.
TEST_F(StallTrackerTest, TheThreadsOwnCodeIsNotChargedForTheTurnBefore) {
  hub_.Poll(1);
  ReadNothing(2);
  hub_.WakeUp(10);
  ReadNothing(11);
  EXPECT_TRUE(Read(21).look);
  hub_.EndTurn();
  const auto first = Read(22);
  ASSERT_TRUE(first.ended);
  EXPECT_EQ(first.ended->end_ns, 21 * kMs);
  ReadNothing(30);
  EXPECT_TRUE(Read(32).look);
  hub_.WakeUp(40);
  hub_.EndTurn();
  const auto second = Read(41);
  ASSERT_TRUE(second.ended);
  EXPECT_EQ(second.ended->begin_ns, 22 * kMs);
  EXPECT_EQ(second.ended->end_ns, 32 * kMs);
}

TEST_F(StallTrackerTest, WhoIsStuckAlreadyIsLookedAtNowAndALimitLater) {
  StallTracker tracker({.limit_ns = kLimitNs, .watch_begin_ns = 5000 * kMs});
  hub_.WakeUp(1000);
  const auto read = [&](int64_t ms) {
    return tracker.Note(hub_.view(), ms * kMs, ms * kMs + 1000);
  };
  EXPECT_TRUE(read(5001).look);
  EXPECT_FALSE(read(5010).look);
  EXPECT_TRUE(read(5011).look);
  hub_.EndTurn();
  hub_.Poll(5020);
  const auto finding = read(5021);
  ASSERT_TRUE(finding.ended);
  EXPECT_TRUE(finding.ended->began_before);
  EXPECT_EQ(finding.ended->length_ns(), 4020 * kMs);
}

TEST_F(StallTrackerTest, AHubThatIsMadeMeanwhileDidNotBeginBefore) {
  StallTracker tracker({.limit_ns = kLimitNs, .watch_begin_ns = 5000 * kMs});
  hub_.WakeUp(5040);
  tracker.Note(hub_.view(), 5100 * kMs, 5100 * kMs);
  const auto turn = tracker.Finish();
  ASSERT_TRUE(turn);
  EXPECT_FALSE(turn->began_before);
  EXPECT_EQ(turn->length_ns(), 60 * kMs);
}

TEST_F(StallTrackerTest, WhatGoesOnAtTheEndIsToldWithItsLengthSoFar) {
  hub_.Poll(1);
  ReadNothing(2);
  hub_.WakeUp(10);
  ReadNothing(11);
  EXPECT_FALSE(tracker_.stalled_since_ns());
  Read(24);
  EXPECT_EQ(tracker_.stalled_since_ns(), 10 * kMs);
  const auto turn = tracker_.Finish();
  ASSERT_TRUE(turn);
  EXPECT_EQ(turn->length_ns(), 14 * kMs);
}

TEST_F(StallTrackerTest, AQueueIsToldFromOneThatDoesNotGiveWay) {
  hub_.Poll(1);
  ReadNothing(2);
  hub_.WakeUp(10);
  hub_.view().ready = 30;
  for (int64_t ms = 11; ms < 41; ++ms) {
    hub_.SwitchTo(static_cast<uint64_t>(ms));
    --hub_.view().ready;
    Read(ms);
  }
  hub_.EndTurn();
  hub_.Poll(41);
  const auto finding = Read(42);
  ASSERT_TRUE(finding.ended);
  EXPECT_EQ(finding.ended->switches, 30u);
  EXPECT_EQ(finding.ended->most_ready, 29u);
  EXPECT_EQ(finding.ended->held_ns, 1 * kMs);
}

TEST_F(StallTrackerTest, ATurnThatNobodySawIsKnownByWhenGreenThreadsRanLast) {
  hub_.Poll(1);
  ReadNothing(2);
  hub_.Turn(20, 50);
  const auto finding = Read(70);
  EXPECT_FALSE(finding.ended);
  ASSERT_TRUE(finding.unseen);
  const GreenThreadView before{.id = 1,
                               .last_switched_ns = -Hub::kBehindNs + kMs};
  const GreenThreadView ran{.id = 2,
                            .last_switched_ns = 20 * kMs - Hub::kBehindNs};
  const auto resolved = ResolveUnseen(*finding.unseen, kLimitNs, {before, ran});
  ASSERT_TRUE(resolved);
  EXPECT_EQ(resolved->green.id, 2u);
  EXPECT_EQ(resolved->turn.begin_ns, 20 * kMs);
  EXPECT_EQ(resolved->turn.end_ns, 50 * kMs);
  EXPECT_EQ(resolved->turn.held_ns, 30 * kMs);
  EXPECT_FALSE(resolved->turn.was_seen);
  EXPECT_FALSE(ResolveUnseen(*finding.unseen, kLimitNs, {before}));
  EXPECT_FALSE(ResolveUnseen(*finding.unseen, 31 * kMs, {ran}));
}

TEST_F(StallTrackerTest, WhereTheHubsClockIsWrongItsStampsProveNothing) {
  hub_.Poll(1);
  ReadNothing(2);
  hub_.Turn(20, 50);
  hub_.view().last.now_ns = 2 * kMs - Hub::kBehindNs;
  EXPECT_FALSE(Read(70).unseen);
}

TEST_F(StallTrackerTest, NonsenseIsNotRead) {
  hub_.Poll(1);
  ReadNothing(2);
  const HubView sane = hub_.view();
  for (const int64_t nonsense : {std::numeric_limits<int64_t>::min(),
                                 std::numeric_limits<int64_t>::max()}) {
    for (int64_t HubView::*const field : {&HubView::poll_entered_real_ns}) {
      hub_.view() = sane;
      hub_.view().*field = nonsense;
      ReadNothing(100);
    }
    for (int64_t ClockReading::*const field :
         {&ClockReading::now_ns, &ClockReading::witness_real_ns}) {
      hub_.view() = sane;
      hub_.view().iterations = UINT64_MAX;
      hub_.view().switches = UINT64_MAX;
      hub_.view().last.*field = nonsense;
      ReadNothing(100);
    }
  }
  hub_.view() = sane;
  hub_.WakeUp(110);
  ReadNothing(111);
  EXPECT_EQ(tracker_.look_due_ns(), 120 * kMs);
}

TEST_F(StallTrackerTest, AHubThatBeginsAnewEndsTheTurn) {
  hub_.Poll(1);
  hub_.view().iterations = 1000;
  ReadNothing(2);
  hub_.WakeUp(10);
  ReadNothing(11);
  Read(25);
  hub_.view() = HubView{.state = HubState::kPolling};
  const auto finding = Read(30);
  ASSERT_TRUE(finding.ended);
  EXPECT_EQ(finding.ended->end_ns, 25 * kMs);
  EXPECT_EQ(finding.ended->perhaps_longer_ns, 5 * kMs + 1000);
}

}  // namespace
}  // namespace hubspy
