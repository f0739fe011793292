// What keeps a hub's thread to itself: computing, sleeping in the kernel, and
// waiting for what can never be given back.
#include "diagnose/diagnose.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "profiler/diagnose/watches.h"

namespace hubspy {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

SymbolFrame Frame(const std::string& function, int line,
                  const std::string& module = "/app") {
  return {.function = function,
          .file = "/src/app.cc",
          .line = line,
          .module = module};
}

TEST(NotYielding, NamesTheHottestLinesOfWhoIsResponsible) {
  HubWatch watch = HeldWatch();
  watch.looks_running = watch.looks;
  watch.samples = {
      {.stack = {Frame("Crunch", 31), Frame("main", 5)}, .count = 50},
      {.stack = {Frame("memcpy", 9, "/lib/libc.so.6"),
                 Frame("std::vector<int>::insert", 8), Frame("Crunch", 33)},
       .count = 40},
      {.stack = {Frame("Crunch", 35)}, .count = 6},
      {.stack = {Frame("Other", 1)}, .count = 4}};
  const Verdict verdict = Diagnose(watch);
  ASSERT_EQ(verdict.kind, VerdictKind::kNotYielding);
  ASSERT_EQ(verdict.hot_lines.size(), 3u);
  EXPECT_EQ(verdict.hot_lines[1].frame.function, "Crunch");
  EXPECT_DOUBLE_EQ(verdict.hot_lines[1].share, 0.4);
  EXPECT_THAT(verdict.summary,
              AllOf(HasSubstr("computes in Crunch without yielding"),
                    HasSubstr("50 % in app.cc:31 (Crunch) and 40 % in "
                              "app.cc:33 (Crunch)."),
                    HasSubstr("Nothing else waits behind it yet")));
}

TEST(NotYielding, TooFewSamplesNameNoLine) {
  HubWatch watch = HeldWatch();
  watch.looks_running = watch.looks;
  watch.samples = {{.stack = {Frame("Crunch", 31)}, .count = 3}};
  watch.stack = {Frame("Crunch", 31)};
  const Verdict verdict = Diagnose(watch);
  EXPECT_TRUE(verdict.hot_lines.empty());
  EXPECT_THAT(verdict.summary, AllOf(HasSubstr("computes in Crunch"),
                                     Not(HasSubstr("Of the time"))));
}

TEST(Held, SaysWhenTheTurnBegan) {
  HubWatch watch = HeldWatch();
  watch.end_real_ns += 600 * kSecond;
  EXPECT_THAT(Diagnose(watch).summary,
              HasSubstr("for the 2.0 s that it was watched, in a turn of the "
                        "loop that began 10 minutes ago"));
}

// The hub's thread, 7, waits for a mutex that `holder` has.
HubWatch WaitsForMutexOf(ThreadId holder) {
  HubWatch watch = HeldWatch();
  watch.call = CallFacts{.name = "futex",
                         .text = "futex(the mutex 0xaa)",
                         .futex = Address(0xaa),
                         .mutex_holder = holder};
  return watch;
}

ThreadWait Holds(ThreadId tid, std::optional<ThreadId> needs) {
  return {
      .tid = tid,
      .name = "worker",
      .call = CallFacts{.name = needs ? "futex" : "read",
                        .text = needs ? "futex(the mutex 0xbb)" : "read(fd 3)",
                        .futex = Address(needs ? 0xbb : 0),
                        .mutex_holder = needs}};
}

TEST(BlockingCall, FollowsAMutexToWhatItsHolderDoes) {
  HubWatch watch = WaitsForMutexOf(8);
  watch.holders = {Holds(8, std::nullopt)};
  const Verdict verdict = Diagnose(watch);
  ASSERT_EQ(verdict.kind, VerdictKind::kBlockingCall);
  EXPECT_EQ(verdict.holders.size(), 1u);
  EXPECT_THAT(verdict.summary,
              AllOf(HasSubstr("in futex(the mutex 0xaa)"),
                    HasSubstr("thread 8 (worker), is itself in read(fd 3)")));
}

TEST(ThreadDeadlock, AMutexThatItsOwnThreadHoldsIsOne) {
  const Verdict verdict = Diagnose(WaitsForMutexOf(7));
  EXPECT_EQ(verdict.kind, VerdictKind::kDeadlock);
  EXPECT_THAT(verdict.summary, HasSubstr("this very OS thread holds"));
  EXPECT_THAT(verdict.remedy, HasSubstr("green::Mutex"));
}

TEST(ThreadDeadlock, ACircleOverOtherThreadsIsOne) {
  HubWatch watch = WaitsForMutexOf(8);
  watch.holders = {Holds(8, 7)};
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kDeadlock);
  EXPECT_THAT(Diagnose(watch).summary,
              HasSubstr("mutex 0xaa, held by thread 8 (worker), which waits "
                        "for the mutex 0xbb, held by the hub's thread"));
  // It waits behind a circle of two others.
  watch.holders = {Holds(8, 9), Holds(9, 8)};
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kDeadlock);
  // The last one's holder is not known any further.
  watch.holders = {Holds(8, 9)};
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kBlockingCall);
}

TEST(ThreadDeadlock, WhoStillMovesIsInNone) {
  HubWatch watch = WaitsForMutexOf(7);
  ++watch.end.switches;
  EXPECT_NE(Diagnose(watch).kind, VerdictKind::kDeadlock);
  watch = WaitsForMutexOf(7);
  watch.looks_running = watch.looks;
  EXPECT_EQ(Diagnose(watch).kind, VerdictKind::kNotYielding);
}

}  // namespace
}  // namespace hubspy
