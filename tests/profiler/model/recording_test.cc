#include "model/recording.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "model/stack.h"

namespace hubspy {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

Stack StackOf(std::initializer_list<uint64_t> pcs,
              StackEnd end = StackEnd::kComplete) {
  Stack stack{.end = end};
  for (const uint64_t pc : pcs) {
    stack.frames.push_back(CodeAddress::Exact(Address(pc)));
  }
  return stack;
}

TEST(Recording, GivesEqualStacksOneId) {
  Recording recording;
  const StackId a = recording.Intern(StackOf({1, 2}));
  const StackId b = recording.Intern(StackOf({1}));
  EXPECT_NE(a, b);
  EXPECT_EQ(recording.Intern(StackOf({1, 2})), a);
  EXPECT_EQ(recording.stacks().size(), 2u);
  EXPECT_EQ(recording.stacks()[b].frames, StackOf({1}).frames);
}

TEST(Recording, TellsStacksApartByTheirEndAndByReturns) {
  Recording recording;
  const std::set<StackId> ids = {
      recording.Intern(StackOf({1})),
      recording.Intern(StackOf({1}, StackEnd::kFault)),
      recording.Intern({.frames = {CodeAddress::Return(Address(1))}}),
      recording.Intern({})};
  EXPECT_EQ(ids.size(), 4u);
}

TEST(Recording, CountsByThreadStackAndIdleness) {
  Recording recording;
  const StackId stack = recording.Intern(StackOf({1}));
  const Recording::Key busy{.tid = 7, .stack = stack, .idle = false};
  const Recording::Key idle{.tid = 7, .stack = stack, .idle = true};
  const Recording::Key other{.tid = 8, .stack = stack, .idle = true};
  recording.Add(busy, 1);
  recording.Add(idle, 10);
  recording.Add(idle, 5);
  recording.Add(other, 2);
  EXPECT_THAT(
      recording.counts(),
      UnorderedElementsAre(Pair(busy, 1), Pair(idle, 15), Pair(other, 2)));
}

TEST(Recording, KeepsAThreadsLatestName) {
  Recording recording;
  recording.NameThread(7, "hub");
  recording.NameThread(7, "worker");
  EXPECT_THAT(recording.thread_names(), ElementsAre(Pair(7, "worker")));
}

TEST(Recording, AppendsByWhatStacksAreNotByTheirIds) {
  Recording first;
  first.Add({.tid = 7, .stack = first.Intern(StackOf({1}))}, 1);
  Recording second;
  second.Add({.tid = 7, .stack = second.Intern(StackOf({2}))}, 2);
  second.Add({.tid = 7, .stack = second.Intern(StackOf({1}))}, 4);
  second.NameThread(7, "hub");
  first.Append(second);
  EXPECT_THAT(
      first.counts(),
      UnorderedElementsAre(
          Pair(Recording::Key{.tid = 7, .stack = first.Intern(StackOf({1}))},
               5),
          Pair(Recording::Key{.tid = 7, .stack = first.Intern(StackOf({2}))},
               2)));
  EXPECT_THAT(first.thread_names(), ElementsAre(Pair(7, "hub")));
}

TEST(Recording, AppendsHowGoodTheDataIs) {
  Recording first, second;
  first.duration_ns = 10;
  first.quality = {.ticks = 1,
                   .looks = 6,
                   .samples = 2,
                   .late = 3,
                   .failed = 4,
                   .left_out = 5,
                   .by_perf = 8,
                   .lost = 9,
                   .stops = 6,
                   .worst_pause_ns = 70,
                   .last_failure = "old"};
  second.duration_ns = 5;
  second.quality = {.ticks = 10,
                    .looks = 60,
                    .samples = 20,
                    .late = 30,
                    .failed = 40,
                    .left_out = 50,
                    .by_perf = 80,
                    .lost = 90,
                    .stops = 60,
                    .worst_pause_ns = 7,
                    .last_failure = "new"};
  first.quality.partial.Add(StackEnd::kFault, 1);
  second.quality.partial.Add(StackEnd::kFault, 2);
  second.quality.partial.Add(StackEnd::kTorn, 4);
  second.quality.partial.Add(StackEnd::kComplete, 100);
  first.Append(second);
  EXPECT_EQ(first.duration_ns, 15);
  EXPECT_EQ(first.quality.ticks, 11);
  EXPECT_EQ(first.quality.samples, 22);
  EXPECT_EQ(first.quality.late, 33);
  EXPECT_EQ(first.quality.failed, 44);
  EXPECT_EQ(first.quality.left_out, 55);
  EXPECT_EQ(first.quality.partial.Of(StackEnd::kFault), 3);
  EXPECT_EQ(first.quality.partial.Of(StackEnd::kTorn), 4);
  EXPECT_EQ(first.quality.partial.Total(), 7);
  EXPECT_EQ(first.quality.by_perf, 88);
  EXPECT_EQ(first.quality.lost, 99);
  EXPECT_EQ(first.quality.looks, 66);
  EXPECT_EQ(first.quality.stops, 66);
  EXPECT_EQ(first.quality.worst_pause_ns, 70);
  EXPECT_EQ(first.quality.last_failure, "new");
  first.Append({});
  EXPECT_EQ(first.quality.last_failure, "new");
}

TEST(Recording, TellsStacksApartByWhereFramesWereLeftOutNotByHowMany) {
  const auto deep = [](size_t after, int64_t count) {
    Stack stack = StackOf({1, 2, 3});
    stack.left_out = {.after = after, .count = count};
    return stack;
  };
  Recording recording;
  const StackId whole = recording.Intern(StackOf({1, 2, 3}));
  const StackId a = recording.Intern(deep(1, 100));
  EXPECT_EQ(recording.Intern(deep(1, 200)), a);
  EXPECT_NE(recording.Intern(deep(2, 100)), a);
  EXPECT_NE(whole, a);
}

int64_t CountOf(const Recording& recording, ThreadId tid) {
  int64_t count = 0;
  for (const auto& [key, n] : recording.counts()) {
    if (key.tid == tid) count += n;
  }
  return count;
}

// Each sample is worth 1/rate seconds, before and after.
TEST(Recording, KeepsEachThreadsTimeWhenTheRateIsReduced) {
  Recording recording;
  recording.rate_hz = 1000;
  // Many stacks that were each seen too rarely for a count of their own.
  for (uint64_t i = 1; i <= 600; ++i) {
    recording.Add({.tid = 7, .stack = recording.Intern(StackOf({i}))}, 1);
  }
  const StackId cut = recording.Intern(StackOf({9}, StackEnd::kTorn));
  recording.Add({.tid = 8, .stack = cut, .idle = true}, 400);
  recording.quality = {.ticks = 1000,
                       .samples = 1000,
                       .late = 100,
                       .lost = 3,
                       .stops = 5,
                       .worst_pause_ns = 70,
                       .last_failure = "why"};
  recording.quality.partial.Add(StackEnd::kTorn, 400);
  recording.ReduceRate(100);
  EXPECT_EQ(recording.rate_hz, 100);
  EXPECT_EQ(CountOf(recording, 7), 60);
  EXPECT_EQ(CountOf(recording, 8), 40);
  const Quality& q = recording.quality;
  EXPECT_EQ(q.ticks, 100);
  EXPECT_EQ(q.samples, 100);
  EXPECT_EQ(q.late, 10);
  EXPECT_EQ(q.partial.Of(StackEnd::kTorn), 40);
  // What happened, happened.
  EXPECT_EQ(q.lost, 3);
  EXPECT_EQ(q.stops, 5);
  EXPECT_EQ(q.worst_pause_ns, 70);
  EXPECT_EQ(q.last_failure, "why");
}

TEST(Recording, OfFewSamplesOneIsLeftAtAnyRate) {
  Recording recording;
  recording.rate_hz = 100;
  const StackId stack = recording.Intern(StackOf({1}));
  recording.Add({.tid = 7, .stack = stack}, 1);
  recording.Add({.tid = 8, .stack = stack}, 1);
  recording.quality.ticks = recording.quality.samples = 2;
  recording.ReduceRate(1);
  EXPECT_EQ(CountOf(recording, 7) + CountOf(recording, 8), 1);
  EXPECT_EQ(recording.quality.samples, 1);
  EXPECT_EQ(recording.quality.ticks, 1);
}

TEST(Recording, AppendsAtTheLowerRateOfBoth) {
  Recording fast, slow;
  const Stack stack = StackOf({1});
  fast.rate_hz = 1000;
  fast.Add({.tid = 7, .stack = fast.Intern(stack)}, 1000);
  fast.quality.ticks = fast.quality.samples = 1000;
  slow.rate_hz = 100;
  slow.Add({.tid = 7, .stack = slow.Intern(stack)}, 50);
  slow.quality.ticks = slow.quality.samples = 50;
  for (auto [first, second] : {std::pair(fast, slow), std::pair(slow, fast)}) {
    first.Append(second);
    EXPECT_EQ(first.rate_hz, 100);
    EXPECT_EQ(CountOf(first, 7), 150);
    EXPECT_EQ(first.quality.ticks, 150);
    EXPECT_EQ(first.quality.samples, 150);
  }
  Recording nothing;
  nothing.Append(fast);
  EXPECT_EQ(nothing.rate_hz, 1000);
  EXPECT_EQ(CountOf(nothing, 7), 1000);
}

TEST(JoinedStack, GoesOnWhereTheUpperOneEnds) {
  const Stack joined = Joined(StackOf({1, 2}), StackOf({3}, StackEnd::kFault));
  EXPECT_EQ(joined.frames, StackOf({1, 2, 3}).frames);
  EXPECT_EQ(joined.end, StackEnd::kFault);
  EXPECT_EQ(joined.left_out.count, 0);
}

TEST(JoinedStack, KeepsThePlaceOfWhatWasLeftOut) {
  Stack top = StackOf({1, 2});
  Stack base = StackOf({3, 4, 5});
  top.left_out = {.after = 1, .count = 10};
  Stack joined = Joined(top, StackOf({3}));
  EXPECT_EQ(joined.left_out.after, 1u);
  EXPECT_EQ(joined.left_out.count, 10);

  base.left_out = {.after = 2, .count = 20};
  joined = Joined(StackOf({1, 2}), base);
  EXPECT_EQ(joined.left_out.after, 4u);
  EXPECT_EQ(joined.left_out.count, 20);

  // 1 [10] 2, then 3 4 [20] 5: what is between goes, too.
  joined = Joined(top, base);
  EXPECT_EQ(joined.frames, StackOf({1, 5}).frames);
  EXPECT_EQ(joined.left_out.after, 1u);
  EXPECT_EQ(joined.left_out.count, 33);
}

TEST(StackEnd, HasANameForEveryReason) {
  std::set<std::string> names;
  for (const StackEnd end :
       {StackEnd::kComplete, StackEnd::kNoUnwindTable,
        StackEnd::kUnknownFramePointer, StackEnd::kUnreadableMemory,
        StackEnd::kCopyTooSmall, StackEnd::kTorn, StackEnd::kFault}) {
    names.insert(std::string(StackEndName(end)));
    EXPECT_EQ(Stack{.end = end}.partial(), end != StackEnd::kComplete);
  }
  EXPECT_EQ(names.size(), 7u);
  EXPECT_EQ(names.count("unknown"), 0u);
}

}  // namespace
}  // namespace hubspy
