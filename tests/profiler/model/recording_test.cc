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
                   .samples = 2,
                   .late = 3,
                   .failed = 4,
                   .partial = 5,
                   .by_perf = 8,
                   .lost = 9,
                   .stops = 6,
                   .worst_pause_ns = 70,
                   .last_failure = "old"};
  second.duration_ns = 5;
  second.quality = {.ticks = 10,
                    .samples = 20,
                    .late = 30,
                    .failed = 40,
                    .partial = 50,
                    .by_perf = 80,
                    .lost = 90,
                    .stops = 60,
                    .worst_pause_ns = 7,
                    .last_failure = "new"};
  first.Append(second);
  EXPECT_EQ(first.duration_ns, 15);
  EXPECT_EQ(first.quality.ticks, 11);
  EXPECT_EQ(first.quality.samples, 22);
  EXPECT_EQ(first.quality.late, 33);
  EXPECT_EQ(first.quality.failed, 44);
  EXPECT_EQ(first.quality.partial, 55);
  EXPECT_EQ(first.quality.by_perf, 88);
  EXPECT_EQ(first.quality.lost, 99);
  EXPECT_EQ(first.quality.stops, 66);
  EXPECT_EQ(first.quality.worst_pause_ns, 70);
  EXPECT_EQ(first.quality.last_failure, "new");
  first.Append({});
  EXPECT_EQ(first.quality.last_failure, "new");
}

TEST(StackEnd, HasANameForEveryReason) {
  std::set<std::string> names;
  for (const StackEnd end :
       {StackEnd::kComplete, StackEnd::kNoUnwindTable,
        StackEnd::kUnknownFramePointer, StackEnd::kUnreadableMemory,
        StackEnd::kCopyTooSmall, StackEnd::kFault, StackEnd::kTooDeep}) {
    names.insert(std::string(StackEndName(end)));
    EXPECT_EQ(Stack{.end = end}.partial(), end != StackEnd::kComplete);
  }
  EXPECT_EQ(names.size(), 7u);
  EXPECT_EQ(names.count("unknown"), 0u);
}

}  // namespace
}  // namespace hubspy
