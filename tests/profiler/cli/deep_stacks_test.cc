// How a stack that one small copy does not hold is read on, and what is done
// when it changes meanwhile. The stack is numbered words; "unwinding" it needs
// so many of them.
#include "cli/deep_stacks.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "gtest/gtest.h"

namespace hubspy {
namespace {

constexpr Address kSp(0x7f0000000000);
constexpr size_t kSmall = 64 * 1024;
constexpr size_t kSpace = 32 << 20;

class DeepStacksTest : public testing::Test, public Memory {
 protected:
  size_t Read(Address from, absl::Span<std::byte> into) const override {
    ++reads;
    if (from < kSp || from - kSp >= space.size()) return 0;
    const size_t offset = from - kSp;
    const size_t n = std::min(into.size(), space.size() - offset);
    std::memcpy(into.data(), space.data() + offset, n);
    return n;
  }

  absl::StatusOr<std::optional<Snapshot>> Take(const CaptureRequest& request) {
    ++takes;
    size_t bytes = request.max_stack_bytes;
    if (method == CaptureMethod::kPtrace) {
      bytes = std::min(bytes, request.max_held_bytes);
    }
    if (method == CaptureMethod::kPerf) bytes = sample_bytes;
    most_taken = std::max(most_taken, bytes);
    bytes = std::min(bytes, space.size());
    Snapshot snapshot{.tid = request.tid, .method = method};
    snapshot.stack = {kSp, {space.begin(), space.begin() + long(bytes)}};
    if (on_taken) on_taken();
    return snapshot;
  }

  absl::StatusOr<std::optional<ThreadCapture>> Capture(DeepStacks::Use use) {
    takes = 0;
    walks = 0;
    most_taken = 0;
    return deep.Capture(
        {.tid = 7, .max_stack_bytes = kSmall}, use,
        [&](const CaptureRequest& request) { return Take(request); },
        [&](const Snapshot& snapshot) {
          ++walks;
          if (end_early) return Stack{.end = StackEnd::kNoUnwindTable};
          const bool whole =
              snapshot.stack.bytes.size() >= needed &&
              std::equal(snapshot.stack.bytes.begin(),
                         snapshot.stack.bytes.end(), space.begin());
          return Stack{
              .end = whole ? StackEnd::kComplete : StackEnd::kCopyTooSmall,
              .bytes = std::min(snapshot.stack.bytes.size(), needed)};
        });
  }
  StackEnd EndOf(DeepStacks::Use use) { return (*Capture(use))->stack.end; }

  static constexpr auto kSampling = DeepStacks::Use::kSampling;
  static constexpr auto kOneLook = DeepStacks::Use::kOneLook;

  std::vector<std::byte> space = [] {
    std::vector<std::byte> bytes(kSpace);
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = std::byte(i * 7);
    return bytes;
  }();
  CaptureMethod method = CaptureMethod::kAsleep;
  size_t needed = 100;
  bool end_early = false;
  size_t sample_bytes = 2048;
  std::function<void()> on_taken;
  int takes = 0;
  int walks = 0;
  size_t most_taken = 0;
  mutable int reads = 0;
  DeepStacks deep{*this};
};

TEST_F(DeepStacksTest, AStackThatFitsIsTakenOnce) {
  for (const auto way : {CaptureMethod::kAsleep, CaptureMethod::kPerf,
                         CaptureMethod::kPtrace, CaptureMethod::kCore}) {
    method = way;
    EXPECT_EQ(EndOf(kSampling), StackEnd::kComplete);
    EXPECT_EQ(takes, 1);
    EXPECT_EQ(walks, 1);
    EXPECT_EQ(reads, 0);
  }
}

TEST_F(DeepStacksTest, OfASleepingThreadMoreIsCopiedAndAtOnceTheNextTime) {
  needed = 8 << 20;
  EXPECT_EQ(EndOf(kSampling), StackEnd::kComplete);
  EXPECT_GT(takes, 1);
  EXPECT_EQ(EndOf(kSampling), StackEnd::kComplete);
  EXPECT_EQ(takes, 1);
  EXPECT_EQ(walks, 1);
  EXPECT_EQ(reads, 0);
  needed = 100;
  EXPECT_EQ(EndOf(kSampling), StackEnd::kComplete);
  EXPECT_EQ(EndOf(kSampling), StackEnd::kComplete);
  EXPECT_EQ(most_taken, kSmall);
}

TEST_F(DeepStacksTest, AThreadThatIsSampledIsNotHeldLongerForBeingDeep) {
  method = CaptureMethod::kPtrace;
  needed = 8 << 20;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(EndOf(kSampling), StackEnd::kComplete);
    EXPECT_EQ(takes, 1);
    EXPECT_EQ(most_taken, kSmall);
  }
  EXPECT_EQ(walks, 1);
}

TEST_F(DeepStacksTest, AThreadIsHeldForAsMuchAsWasNeededAndSomeMore) {
  method = CaptureMethod::kPtrace;
  needed = 10'000;
  EXPECT_EQ(EndOf(kSampling), StackEnd::kComplete);
  EXPECT_EQ(most_taken, kSmall);
  for (int i = 0; i < 1000; ++i)
    ASSERT_EQ(EndOf(kSampling), StackEnd::kComplete);
  EXPECT_GT(most_taken, needed);
  EXPECT_LT(most_taken, 2 * needed);
  needed += needed / 10;  // another frame
  EXPECT_EQ(EndOf(kSampling), StackEnd::kComplete);
  EXPECT_EQ(takes, 1);
  EXPECT_EQ(reads, 0);
}

TEST_F(DeepStacksTest, AThreadThatIsSuddenlyDeeperIsHeldOnceMore) {
  method = CaptureMethod::kPtrace;
  for (int i = 0; i < 1000; ++i)
    ASSERT_EQ(EndOf(kSampling), StackEnd::kComplete);
  needed = kSmall - 100;
  EXPECT_EQ(EndOf(kSampling), StackEnd::kComplete);
  EXPECT_EQ(takes, 2);
  needed = 100;
  EXPECT_EQ(EndOf(kSampling), StackEnd::kComplete);
  needed = kSmall - 4096;
  EXPECT_EQ(EndOf(kSampling), StackEnd::kComplete);
  EXPECT_EQ(takes, 1) << "it was that deep a moment ago";
  needed = 100;
  EXPECT_EQ(EndOf(kSampling), StackEnd::kComplete);
  needed = kSmall;
  EXPECT_EQ(EndOf(kSampling), StackEnd::kComplete);
  EXPECT_EQ(takes, 2);
  EXPECT_EQ(reads, 0) << "nothing is read while it runs";
}

TEST_F(DeepStacksTest, WhereAWalkEndsEarlyAllOfASmallCopyIsTaken) {
  method = CaptureMethod::kPtrace;
  for (int i = 0; i < 1000; ++i)
    ASSERT_EQ(EndOf(kSampling), StackEnd::kComplete);
  end_early = true;
  EXPECT_EQ(EndOf(kSampling), StackEnd::kNoUnwindTable);
  EXPECT_EQ(EndOf(kSampling), StackEnd::kNoUnwindTable);
  EXPECT_EQ(most_taken, kSmall);
  EXPECT_EQ(takes, 1);
}

TEST_F(DeepStacksTest, OneLookReadsAllOfItInAStop) {
  method = CaptureMethod::kPtrace;
  needed = 8 << 20;
  EXPECT_EQ(EndOf(kOneLook), StackEnd::kComplete);
  EXPECT_EQ(reads, 0);
  EXPECT_GE(most_taken, needed);
}

TEST_F(DeepStacksTest, AsksTheKernelForMoreBeforeItReadsOn) {
  method = CaptureMethod::kPerf;
  needed = 40'000;
  on_taken = [&] { sample_bytes = 60 * 1024; };
  EXPECT_EQ(EndOf(kSampling), StackEnd::kComplete);
  EXPECT_EQ(takes, 2);
  EXPECT_EQ(reads, 0);
  needed = 8 << 20;
  EXPECT_EQ(EndOf(kSampling), StackEnd::kComplete);
  EXPECT_EQ(takes, 2);
  EXPECT_GT(reads, 0);
}

TEST_F(DeepStacksTest, WhatChangedBeforeTheRestWasReadIsTorn) {
  method = CaptureMethod::kPtrace;
  needed = 8 << 20;
  // The thread returned from what was the outermost frame in the copy.
  on_taken = [&] { space[kSmall - 8] ^= std::byte{1}; };
  const auto capture = Capture(kSampling);
  EXPECT_EQ((*capture)->stack.end, StackEnd::kTorn);
  EXPECT_EQ((*capture)->snapshot.stack.bytes.size(), kSmall);
  on_taken = nullptr;
  EXPECT_EQ(EndOf(kSampling), StackEnd::kComplete);
}

TEST_F(DeepStacksTest, WhatTheInnermostFramesDoTearsNothing) {
  method = CaptureMethod::kPtrace;
  needed = 8 << 20;
  std::vector<std::byte> before = space;
  on_taken = [&] { space[64] ^= std::byte{1}; };
  const auto capture = Capture(kSampling);
  // (The walk of this test compares, and so notices.)
  EXPECT_EQ((*capture)->stack.end, StackEnd::kCopyTooSmall);
  EXPECT_GE((*capture)->snapshot.stack.bytes.size(), needed);
}

TEST_F(DeepStacksTest, EndsWhereNothingIsMapped) {
  needed = kSpace + 1;
  for (const auto way : {CaptureMethod::kAsleep, CaptureMethod::kPtrace}) {
    method = way;
    EXPECT_EQ(EndOf(kSampling), StackEnd::kCopyTooSmall);
    EXPECT_LT(takes, 10);
    // It is not tried in vain at every look.
    EXPECT_EQ(EndOf(kSampling), StackEnd::kCopyTooSmall);
    EXPECT_EQ(takes, 1);
    EXPECT_EQ(walks, 1);
    deep.KeepOnly([](ThreadId) { return false; });
  }
}

TEST_F(DeepStacksTest, GivesErrorsAndUnchangedSleepsAsTheyAre) {
  const auto unwind = [](const Snapshot&) { return Stack{}; };
  EXPECT_TRUE(
      absl::IsNotFound(deep.Capture(
                               {.tid = 7}, kSampling,
                               [](const CaptureRequest&)
                                   -> absl::StatusOr<std::optional<Snapshot>> {
                                 return absl::NotFoundError("gone");
                               },
                               unwind)
                           .status()));
  const auto same = deep.Capture(
      {.tid = 7}, kSampling,
      [](const CaptureRequest&) -> absl::StatusOr<std::optional<Snapshot>> {
        return std::nullopt;
      },
      unwind);
  ASSERT_TRUE(same.ok());
  EXPECT_FALSE(same->has_value());
}

}  // namespace
}  // namespace hubspy
