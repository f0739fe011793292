// What the runtime tells a person: DumpHub, reports of exceptions, and of
// overflowed stacks.
#include "green/debug.h"

#include <signal.h>

#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "green/green.h"
#include "green/sanitizers.h"
#include "gtest/gtest.h"
#include "runtime/hub_testing.h"

namespace green {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

}  // namespace

extern "C" {
int green_test_debug_marker = 0;

[[gnu::noinline]] void green_test_sleeps() {
  Sleep(absl::Seconds(100));
  ++green_test_debug_marker;
}
[[gnu::noinline]] void green_test_calls_sleeps() {
  green_test_sleeps();
  ++green_test_debug_marker;
}
[[gnu::noinline]] void green_test_fails() {
  ++green_test_debug_marker;
  throw std::runtime_error("lost");
}
[[gnu::noinline]] void green_test_calls_fails() {
  green_test_fails();
  ++green_test_debug_marker;
}
// A frame at a time, so that the guard is hit.
[[gnu::noinline]] int green_test_overflows(volatile char* above) {
  volatile char here[256];
  here[0] = above == nullptr ? 1 : *above;
  if (here[0] == 0) return 0;  // never
  return green_test_overflows(here) + here[0];
}
}

namespace {

std::vector<std::string> ReportsOf(const std::function<void()>& body) {
  std::vector<std::string> reports;
  debug::SetReportSink(
      [&](absl::string_view report) { reports.emplace_back(report); });
  body();
  debug::SetReportSink(nullptr);
  return reports;
}

size_t CountOf(const std::string& what, const std::string& text) {
  size_t count = 0;
  for (size_t at = text.find(what); at != text.npos;
       at = text.find(what, at + 1)) {
    ++count;
  }
  return count;
}

TEST(DumpHub, TellsOfAHubWithNothingToDo) {
  InSimulatedTime([](SimulatedTime&) {
    EXPECT_THAT(
        debug::FormatHub(),
        AllOf(HasSubstr("hub of thread "), HasSubstr("timers: 0\n"),
              HasSubstr("fds that are waited for: 0\n"),
              HasSubstr("the thread's own code and the loop: running\n"),
              HasSubstr("green threads: 0\n")));
  });
}

TEST(DumpHub, TellsWhatAGreenThreadWaitsForAndWhereItIs) {
  InSimulatedTime([](SimulatedTime&) {
    auto sleeper = Spawn(green_test_calls_sleeps);
    sleeper.SetName("sleeper");
    Sleep(absl::Seconds(30));
    EXPECT_THAT(
        debug::FormatHub(),
        AllOf(ContainsRegex("green thread [0-9]+ [(]sleeper[)]: waits for a "
                            "timer [(]in 1m10s[)], since 30s, spawned in "),
              ContainsRegex("green_test_sleeps (.|\n)*"
                            "green_test_calls_sleeps (.|\n)*"
                            "green::Hub::GreenThreadMain")));
  });
}

TEST(DumpHub, TellsOfEveryTimerInTheOrderInWhichTheyAreDue) {
  InSimulatedTime([](SimulatedTime&) {
    Hub::Current().CallAfter(absl::Seconds(20), [] {});
    SpawnAfter(absl::Seconds(10), [] {}).SetName("later");
    EXPECT_THAT(debug::FormatHub(),
                ContainsRegex("timers: 2\n"
                              "  in 10s: green thread [0-9]+ [(]later[)]\n"
                              "  in 20s: a callback\n"));
  });
}

TEST(DumpHub, TellsOfOneThatHasNotBegun) {
  InSimulatedTime([](SimulatedTime&) {
    SpawnN([] {});
    EXPECT_THAT(debug::FormatHub(),
                HasSubstr(": ready, not begun, made 0 ago"));
  });
}

TEST(DumpHub, TellsOfOneThatIsThroughWhileItsLinksAreCalled) {
  InSimulatedTime([](SimulatedTime&) {
    std::string dump;
    auto thread = Spawn([] {});
    thread.Link([&](auto&) { dump = debug::FormatHub(); });
    thread.Wait();
    EXPECT_THAT(dump, ContainsRegex("green thread [0-9]+: finished"));
  });
}

TEST(DumpHub, TellsWhoseEndIsWaitedFor) {
  InSimulatedTime([](SimulatedTime&) {
    auto first = Spawn(green_test_sleeps);
    auto second = Spawn([&] { first.Wait(); });
    Yield();
    EXPECT_THAT(debug::FormatHub(),
                ContainsRegex("waits for the end of green thread [0-9]+, "));
  });
}

TEST(DumpHub, MayBeCalledByAGreenThread) {
  InSimulatedTime([](SimulatedTime&) {
    std::string text;
    Spawn([&] { text = debug::FormatHub(); }).Wait();
    EXPECT_THAT(
        text, AllOf(ContainsRegex("the loop: waits for the end of green thread "
                                  "[0-9]+\n(.|\n)*green::Hub::Run"),
                    ContainsRegex("green thread [0-9]+: running(.|\n)*"
                                  "green::debug::FormatHub")));
  });
}

TEST(DumpHub, MayBeCalledByACallback) {
  InSimulatedTime([](SimulatedTime&) {
    std::string text;
    Hub::Current().CallAfter(absl::Seconds(1),
                             [&] { text = debug::FormatHub(); });
    Sleep(absl::Seconds(2));
    EXPECT_THAT(text, HasSubstr("firing timers"));
  });
}

TEST(DumpHub, FoldsTheSameStacks) {
  InSimulatedTime([](SimulatedTime&) {
    for (int i = 0; i < 1000; ++i) SpawnN(green_test_calls_sleeps);
    Sleep(absl::Seconds(1));
    const std::string text = debug::FormatHub();
    EXPECT_THAT(text, AllOf(HasSubstr("green threads: 1000\n"),
                            ContainsRegex("the same stack: 992 more: ids "
                                          "[0-9]+ to [0-9]+\n")));
    EXPECT_EQ(CountOf("green_test_calls_sleeps ", text), 1u);
  });
}

TEST(UncaughtException, IsReportedWithWhoAndWhereFromAndWhereItWasThrown) {
  const std::vector<std::string> reports = ReportsOf([] {
    OnFreshThread([] {
      Spawn(green_test_calls_fails).SetName("loser");
      Sleep(absl::Nanoseconds(1));
    });
  });
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_THAT(reports[0],
              AllOf(ContainsRegex(
                        "green: green thread [0-9]+ [(]loser[)] ended with an "
                        "exception that nobody waited for: "
                        "std::runtime_error: lost\n"
                        "  it was thrown in:\n"
                        "    #0  green_test_fails(.|\n)*"
                        "    #1  green_test_calls_fails "),
                    HasSubstr("  it was spawned in ")));
}

TEST(UncaughtException, OfWhomSomebodyWaitsForIsNotReported) {
  EXPECT_THAT(ReportsOf([] {
                OnFreshThread([] {
                  EXPECT_THROW(Spawn(green_test_fails).Wait(),
                               std::runtime_error);
                });
              }),
              testing::IsEmpty());
}

TEST(UncaughtException, OfOneThatNeverBeganIsNotReported) {
  EXPECT_THAT(
      ReportsOf([] {
        OnFreshThread([] {
          Spawn([] {}).Kill(std::make_exception_ptr(std::runtime_error("no")));
          Yield();
        });
      }),
      testing::IsEmpty());
}

TEST(UncaughtException, BeingKilledIsNone) {
  EXPECT_THAT(ReportsOf([] {
                OnFreshThread([] {
                  auto sleeper = Spawn(green_test_sleeps);
                  Yield();
                  sleeper.Kill();
                  Spawn(green_test_sleeps);  // the hub's end kills this one
                  Yield();
                });
              }),
              testing::IsEmpty());
}

void OverflowInAGreenThread() {
  Hub::Configure({.stack_size = size_t{128} << 10});
  auto thread = Spawn([] { return green_test_overflows(nullptr); });
  thread.SetName("deep");
  thread.Wait();
}

#if defined(GREEN_TSAN)
constexpr char kOverflowMessage[] = "";
#else
constexpr char kOverflowMessage[] =
    "green: green thread [0-9]+ \\(deep\\) overflowed its stack of 131072 "
    "bytes; HubOptions::stack_size says how large stacks are. It was in:\n"
    "    #0  green_test_overflows";
#endif

TEST(StackOverflowDeathTest, NamesTheGreenThreadAndItsStack) {
#if defined(GREEN_ASAN) || defined(GREEN_TSAN)
  EXPECT_DEATH(OverflowInAGreenThread(), kOverflowMessage);
#else
  EXPECT_EXIT(OverflowInAGreenThread(), testing::KilledBySignal(SIGSEGV),
              kOverflowMessage);
#endif
}

#if !defined(GREEN_ASAN) && !defined(GREEN_TSAN)
void Fault() {
  volatile int* volatile nowhere = nullptr;
  *nowhere = 1;
}

TEST(StackOverflowDeathTest, OtherFaultsEndTheProgramAsBefore) {
  EXPECT_EXIT(Spawn(Fault).Wait(), testing::KilledBySignal(SIGSEGV), "^$");
  EXPECT_EXIT(
      {
        Hub::Current();
        raise(SIGSEGV);
      },
      testing::KilledBySignal(SIGSEGV), "^$");
}

void ExitWithThree(int) { _exit(3); }

TEST(StackOverflowDeathTest, AProgramsOwnHandlerIsCalled) {
  EXPECT_EXIT(
      {
        signal(SIGSEGV, ExitWithThree);
        OverflowInAGreenThread();
      },
      testing::ExitedWithCode(3), kOverflowMessage);
  EXPECT_EXIT(
      {
        signal(SIGSEGV, ExitWithThree);
        Spawn(Fault).Wait();
      },
      testing::ExitedWithCode(3), "^$");
}
#endif

}  // namespace
}  // namespace green
