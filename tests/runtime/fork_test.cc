// What fork, stops and signals leave of a hub. Children are made before this
// process has other threads: see tests/support/child.h.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "green/green.h"
#include "green/sanitizers.h"
#include "gtest/gtest.h"
#include "support/child.h"

namespace green {
namespace {

using hubspy::Child;
using hubspy::ChildPipes;

// Forks in the middle of what the caller does; what `in_child` returns is the
// exit status.
pid_t ForkInto(const std::function<int()>& in_child) {
  const pid_t child = fork();
  if (child != 0) return child;
  _exit(in_child());
}

int ExitStatusOf(pid_t child) {
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// All that a program does with a hub; 0 when it works.
int UseGreen() {
  if (Hub::Current().Stats().green_threads != 0) return 10;
  if (Hub::Current().Stats().timers != 0) return 11;
  if (Spawn([] { return 7; }).Wait() != 7) return 12;
  Sleep(absl::Microseconds(10));
  auto [near, far] = Socket::Pair();
  auto reader = Spawn([&far = far] { return far.ReadExactly(4); });
  Yield();
  near.Write("ping");
  if (reader.Wait() != "ping") return 13;
  bool called = false;
  Hub::Current().Remote().Post([&] { called = true; });
  Yield();
  Yield();
  if (!called) return 14;
  return 0;
}

// The rest of each test runs in a child that has no other threads and no hub.
int InAProcessOfItsOwn(const std::function<int()>& body) {
  return Child::Fork([&](ChildPipes&) { return body(); }).Wait();
}

TEST(Fork, AChildGetsAFreshHub) {
  EXPECT_EQ(InAProcessOfItsOwn([] {
              SpawnN([] { Sleep(absl::InfiniteDuration()); });
              SpawnN([] { Sleep(absl::Milliseconds(1)); });
              Yield();
              return ExitStatusOf(ForkInto(UseGreen));
            }),
            0);
}

TEST(Fork, AChildOfAGreenThreadGetsAFreshHub) {
  EXPECT_EQ(
      InAProcessOfItsOwn([] {
        SpawnN([] { Sleep(absl::InfiniteDuration()); });
        return Spawn([] { return ExitStatusOf(ForkInto(UseGreen)); }).Wait();
      }),
      0);
}

TEST(Fork, AChildDoesNotDisturbItsParent) {
  EXPECT_EQ(InAProcessOfItsOwn([] {
              auto [near, far] = Socket::Pair();
              auto reader = Spawn([&far = far] { return far.ReadExactly(4); });
              auto sleeper = Spawn([] { Sleep(absl::Milliseconds(2)); });
              Yield();
              // Its copies of what the parent waits for are used and closed.
              const pid_t child = ForkInto([&near = near, &far = far] {
                far.Close();
                near.Close();
                return UseGreen();
              });
              const int status = ExitStatusOf(child);
              near.Write("ping");
              const bool got = reader.Wait() == "ping";
              sleeper.Wait();
              return got ? status : 1;
            }),
            0);
}

TEST(Fork, AChildUnwindsNothingOfItsParents) {
  EXPECT_EQ(InAProcessOfItsOwn([] {
              struct Unwound {
                ~Unwound() { _exit(5); }
              };
              SpawnN([] {
                const Unwound unwound;
                Sleep(absl::InfiniteDuration());
              });
              Yield();
              // exit() runs the thread's destructors.
              const int unused = ExitStatusOf(ForkInto([] {
                std::exit(0);
                return 0;
              }));
              const int used = ExitStatusOf(ForkInto([] {
                std::exit(UseGreen());
                return 0;
              }));
              _exit(unused + used);
              return 0;
            }),
            0);
}

#if !defined(GREEN_TSAN)
// TSan refuses to start threads in a child of a process that has some.
TEST(Fork, AChildOffloadsToThreadsOfItsOwn) {
  EXPECT_EQ(
      InAProcessOfItsOwn([] {
        Offload([] {});
        return ExitStatusOf(ForkInto([] { return Offload([] { return 0; }); }));
      }),
      0);
}

TEST(Fork, AChildMayBeWatchedForBlocking) {
  EXPECT_EQ(InAProcessOfItsOwn([] {
              debug::SetBlockingDetection(absl::Milliseconds(500));
              return ExitStatusOf(ForkInto([] {
                debug::SetBlockingDetection(absl::Milliseconds(1));
                const int64_t until = MonotonicNanoseconds() + 4'000'000;
                debug::SetReportSink([](absl::string_view) { _exit(0); });
                while (MonotonicNanoseconds() < until) {
                }
                for (;;) {
                }
                return 1;
              }));
            }),
            0);
}
#endif

// Tells of each of its sleeps when it is over, in this order: none is begun
// before a shorter one.
int SleepAndTell(ChildPipes& parent) {
  for (const int ms : {1, 2, 3}) {
    SpawnN([&parent, ms] {
      const int64_t before_ns = MonotonicNanoseconds();
      Sleep(absl::Milliseconds(ms));
      const bool early = MonotonicNanoseconds() - before_ns < ms * 1'000'000;
      parent.WriteLine(absl::StrCat(ms, early ? " early" : ""));
      if (ms == 3) Hub::Current().Stop();
    });
  }
  parent.WriteLine("ready");
  Hub::Current().Run();
  parent.ReadLine();  // there until it is told, however late a signal comes
  return 0;
}

TEST(Signals, AStoppedProcessLosesNoTimer) {
  Child child = Child::Fork(SleepAndTell);
  ASSERT_EQ(child.ReadLine(), "ready");
  child.Signal(SIGSTOP);
  int status = 0;
  ASSERT_EQ(waitpid(child.pid(), &status, WUNTRACED), child.pid());
  ASSERT_TRUE(WIFSTOPPED(status));
  child.Signal(SIGCONT);
  EXPECT_EQ(child.ReadLine(), "1");
  EXPECT_EQ(child.ReadLine(), "2");
  EXPECT_EQ(child.ReadLine(), "3");
  child.WriteLine("end");
  EXPECT_EQ(child.Wait(), 0);
}

TEST(Signals, AHandlerWithoutRestartLosesNoTimer) {
  Child child = Child::Fork([](ChildPipes& parent) {
    struct sigaction action = {};
    action.sa_handler = [](int) {};  // and no SA_RESTART
    sigaction(SIGUSR1, &action, nullptr);
    return SleepAndTell(parent);
  });
  ASSERT_EQ(child.ReadLine(), "ready");
  for (int i = 0; i < 100; ++i) child.Signal(SIGUSR1);
  EXPECT_EQ(child.ReadLine(), "1");
  EXPECT_EQ(child.ReadLine(), "2");
  EXPECT_EQ(child.ReadLine(), "3");
  child.WriteLine("end");
  EXPECT_EQ(child.Wait(), 0);
}

}  // namespace
}  // namespace green
