// Looks at made-up green threads while they go on. A stack is its context: the
// pc in it is all that "unwinding" finds.
#include "cli/green_watch.h"

#include <cstdint>
#include <map>
#include <optional>

#include "gtest/gtest.h"
#include "profiler/hubs/published.h"

namespace hubspy {
namespace {

constexpr uint64_t kBlockAt = 0x10000;
constexpr uint64_t kHubAt = 0x20000;
constexpr uint64_t kSlabAt = 0x30000;
constexpr uint64_t kStackAt = 0x40000;
constexpr uint64_t kStackBytes = 0x10000;

using State = green::abi::GreenState;

class GreenWatchTest : public testing::Test {
 protected:
  GreenWatchTest() {
    memory_.Put(kBlockAt, MakeBlock(kHubAt));
    memory_.Put(kHubAt, FakeHub{.first_slab = kSlabAt});
    Publish();
  }

  static uint64_t StackOf(int i) {
    return kStackAt + uint64_t(i) * kStackBytes;
  }
  FakeGreen& Green(int i) { return slab_.records[i]; }
  void Publish() { memory_.Put(kSlabAt, slab_); }

  // Has it run once more, up to `pc`.
  void Suspend(int i, uint64_t pc) {
    FakeGreen& green = Green(i);
    if (green.id == 0) green.id = uint64_t(i) + 1;
    ++green.switches;
    green.saved_sp = StackOf(i);
    green.stack_begin = StackOf(i);
    green.stack_end = StackOf(i) + kStackBytes;
    memory_.Put(StackOf(i), FakeContext{.pc = pc});
    Publish();
  }

  absl::Status Look() {
    unwound_ = 0;
    const auto hubs = reader_.ReadHubs();
    if (!hubs.ok()) return hubs.status();
    return watch_.Look(reader_, hubs->front(), now_ns_);
  }

  std::map<uint64_t, WatchedGreen> Seen() const {
    std::map<uint64_t, WatchedGreen> seen;
    watch_.ForEach(
        [&](const WatchedGreen& green) { seen[green.view.id] = green; });
    return seen;
  }
  static std::optional<uint64_t> PcOf(const WatchedGreen& green) {
    if (green.stack == nullptr) return std::nullopt;
    return green.stack->frames.front().address().value();
  }

  FakeMemory memory_;
  FakeSlab<3> slab_;
  int unwound_ = 0;
  int64_t now_ns_ = 0;
  HubReader reader_{memory_, Address(kBlockAt)};
  GreenWatch watch_{0, [this](const Registers& registers, const MemoryCopy&) {
                      ++unwound_;
                      Stack stack;
                      stack.frames = {CodeAddress::Return(registers.pc())};
                      return stack;
                    }};
};

TEST_F(GreenWatchTest, UnwindsOnlyThoseThatHaveRun) {
  Suspend(0, 0x1000);
  Suspend(1, 0x2000);
  ASSERT_TRUE(Look().ok());
  EXPECT_EQ(unwound_, 2);
  ASSERT_TRUE(Look().ok());
  EXPECT_EQ(unwound_, 0);
  Suspend(1, 0x3000);
  ASSERT_TRUE(Look().ok());
  EXPECT_EQ(unwound_, 1);
  EXPECT_EQ(PcOf(Seen()[1]), 0x1000u);
  EXPECT_EQ(PcOf(Seen()[2]), 0x3000u);
  EXPECT_FALSE(Seen()[1].has_moved);
  EXPECT_TRUE(Seen()[2].has_moved);
}

TEST_F(GreenWatchTest, BecomingReadyIsNoMove) {
  Suspend(0, 0x1000);
  ASSERT_TRUE(Look().ok());
  Green(0).state = static_cast<uint32_t>(State::kReady);
  Publish();
  ASSERT_TRUE(Look().ok());
  EXPECT_EQ(unwound_, 0);
  EXPECT_EQ(Seen()[1].view.state, GreenState::kReady);
  EXPECT_EQ(PcOf(Seen()[1]), 0x1000u);
  EXPECT_FALSE(Seen()[1].has_moved);
}

TEST_F(GreenWatchTest, CountsWhatEachDidBetweenLooks) {
  Suspend(0, 0x1000);
  Green(0).state = static_cast<uint32_t>(State::kWaiting);
  Publish();
  const auto look_at = [&](int64_t now_ns, State state) {
    Green(0).state = static_cast<uint32_t>(state);
    Publish();
    now_ns_ = now_ns;
    ASSERT_TRUE(Look().ok());
  };
  look_at(100, State::kWaiting);
  look_at(110, State::kWaiting);
  look_at(130, State::kReady);
  look_at(170, State::kRunning);
  look_at(180, State::kWaiting);
  look_at(200, State::kWaiting);
  const GreenTimes times = watch_.TimesOf(Seen()[1]);
  EXPECT_EQ(times.waiting_ns, 30 + 20);
  EXPECT_EQ(times.ready_ns, 40);
  EXPECT_EQ(times.busy_ns, 10);
  // Another one in its place has done nothing yet.
  Green(0).id = 9;
  look_at(300, State::kWaiting);
  EXPECT_EQ(watch_.TimesOf(Seen()[9]).waiting_ns, 0);
}

TEST_F(GreenWatchTest, EqualStacksAreOneObject) {
  Suspend(0, 0x1000);
  Suspend(1, 0x1000);
  ASSERT_TRUE(Look().ok());
  EXPECT_EQ(Seen()[1].stack, Seen()[2].stack);
}

TEST_F(GreenWatchTest, OneThatWasSpawnedSinceHasMoved) {
  Suspend(0, 0x1000);
  ASSERT_TRUE(Look().ok());
  Suspend(1, 0x2000);
  Green(0).id = 77;  // the first one ended; its record was taken by another
  Publish();
  ASSERT_TRUE(Look().ok());
  EXPECT_EQ(Seen().count(1), 0u);
  EXPECT_TRUE(Seen()[2].has_moved);
  EXPECT_TRUE(Seen()[77].has_moved);
}

TEST_F(GreenWatchTest, OneThatHasNotBegunIsWhereItWillBegin) {
  Green(0) = {.id = 1, .entry = 0x5000};
  Publish();
  ASSERT_TRUE(Look().ok());
  EXPECT_EQ(unwound_, 0);
  EXPECT_EQ(PcOf(Seen()[1]), 0x5000u);
}

TEST_F(GreenWatchTest, OneThatRunsHasNoStackOfItsOwn) {
  Suspend(0, 0x1000);
  ASSERT_TRUE(Look().ok());
  Green(0).saved_sp = 0;
  ++Green(0).switches;
  Publish();
  ASSERT_TRUE(Look().ok());
  EXPECT_EQ(Seen()[1].stack, nullptr);
  EXPECT_TRUE(Seen()[1].problem.ok());
}

// The classic: it runs and comes back to the very same place while its stack is
// copied.
TEST_F(GreenWatchTest, OneThatRunsWhileItsStackIsCopiedIsCopiedAgain) {
  Suspend(0, 0x1000);
  int times = 2;
  memory_.before_read = [&](uint64_t at) {
    if (at == StackOf(0) && times-- > 0) Suspend(0, 0x2000);
  };
  ASSERT_TRUE(Look().ok());
  EXPECT_EQ(unwound_, 1);
  EXPECT_EQ(PcOf(Seen()[1]), 0x2000u);
}

// When first seen it was counted already, but not yet marked as running.
TEST_F(GreenWatchTest, OneThatWasCaughtAsItWasResumedIsNotBelieved) {
  Suspend(0, 0x1000);
  int reads_of_record = 0;
  memory_.before_read = [&](uint64_t at) {
    if (at != kSlabAt + sizeof(green::abi::Slab)) return;
    if (++reads_of_record == 1) {
      ++Green(0).switches;  // now it runs: its stack is not to be read
    } else if (reads_of_record == 2) {
      Green(0).saved_sp = 0;
    } else if (reads_of_record == 3) {
      memory_.Put(StackOf(0), FakeContext{.pc = 0x2000});
      Green(0).saved_sp = StackOf(0);
    }
    Publish();
  };
  ASSERT_TRUE(Look().ok());
  EXPECT_EQ(PcOf(Seen()[1]), 0x2000u);
}

TEST_F(GreenWatchTest, OneThatNeverHoldsStillSaysSo) {
  Suspend(0, 0x1000);
  Suspend(1, 0x2000);
  memory_.before_read = [&](uint64_t at) {
    if (at == StackOf(0)) Suspend(0, 0x3000);
  };
  ASSERT_TRUE(Look().ok());
  EXPECT_EQ(Seen()[1].stack, nullptr);
  EXPECT_EQ(Seen()[1].problem.message(),
            "green thread 1 moved in every one of several looks");
  EXPECT_EQ(PcOf(Seen()[2]), 0x2000u);
  memory_.before_read = nullptr;
  ASSERT_TRUE(Look().ok());
  EXPECT_EQ(PcOf(Seen()[1]), 0x3000u);
  EXPECT_TRUE(Seen()[1].problem.ok());
}

TEST_F(GreenWatchTest, OneThatEndsMeanwhileIsNotThere) {
  Suspend(0, 0x1000);
  memory_.before_read = [&](uint64_t at) {
    if (at != StackOf(0)) return;
    Green(0).id = 0;
    Publish();
  };
  ASSERT_TRUE(Look().ok());
  EXPECT_TRUE(Seen().empty());
}

TEST_F(GreenWatchTest, SlabsThatChangePlacesAllTheTimeFillNoMemory) {
  for (uint64_t i = 0; i < 100; ++i) {
    const uint64_t at = kSlabAt + i * 0x1000;
    memory_.Put(at, slab_);
    memory_.Put(kHubAt, FakeHub{.first_slab = at});
    ASSERT_TRUE(Look().ok());
  }
  EXPECT_TRUE(Seen().empty());
}

}  // namespace
}  // namespace hubspy
