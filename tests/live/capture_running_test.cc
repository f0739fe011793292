// Threads that run: held for one short stop, and then as if nothing had been.
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "live/open_or_die.h"
#include "live/spinning.h"
#include "support/child.h"
#include "support/sanitizers.h"
#include "support/shared.h"
#include "target/linux/proc_dir.h"
#include "target/linux/proc_files.h"
#include "target/process.h"

namespace hubspy {
namespace {

using ::testing::HasSubstr;

// Captures once, looking again where the thread ran from under us.
absl::StatusOr<std::optional<Snapshot>> CaptureSurely(
    Process& process, const CaptureRequest& request) {
  for (;;) {
    auto snapshot = process.Capture(request);
    if (!absl::IsAborted(snapshot.status())) return snapshot;
  }
}

TEST(RunningCapture, IsOfOneInstantInTheFunctionThatRuns) {
  const Shared<SpinCounters> counters;
  const Child child = ForkSpinning(counters);
  const auto process = OpenOrDie(child.pid());
  const auto range_of = [](const volatile uint64_t& counter) {
    const Address begin(reinterpret_cast<uint64_t>(&counter));
    return AddressRange{begin, begin + sizeof(counter)};
  };
  const CaptureRequest request = {
      .tid = child.pid(),
      .max_stack_bytes = 4096,
      .also = {range_of(counters->first), range_of(counters->last)}};
  uint64_t latest = 0;
  for (int i = 0; i < 2000; ++i) {
    const auto snapshot = CaptureSurely(*process, request);
    ASSERT_TRUE(snapshot.ok()) << snapshot.status();
    ASSERT_EQ((*snapshot)->method, CaptureMethod::kPtrace);
    ASSERT_TRUE(WantsCpu((*snapshot)->state));
    ASSERT_TRUE(SpinCode().Contains((*snapshot)->registers.pc()));
    ASSERT_GT((*snapshot)->pause_ns, 0);
    ASSERT_FALSE((*snapshot)->system_call.has_value());
    ASSERT_FALSE((*snapshot)->sleep.has_value());
    const auto value = [&](size_t which) {
      const MemoryCopy& copy = (*snapshot)->extra[which];
      return copy.Read<uint64_t>(copy.begin).value();
    };
    // The child stores to `first`, then to its stack, then to `last`.
    const uint64_t on_stack =
        (*snapshot)
            ->stack.Read<uint64_t>(Address(counters->stack_address))
            .value();
    ASSERT_LE(value(1), on_stack);
    ASSERT_LE(on_stack, value(0));
    ASSERT_LE(value(0), value(1) + 1);
    ASSERT_GE(value(0), latest);
    latest = value(0);
  }
}

TEST(RunningCapture, LeavesNoTracerBehind) {
  const Shared<SpinCounters> counters;
  const Child child = ForkSpinning(counters);
  const auto process = OpenOrDie(child.pid());
  ASSERT_TRUE(CaptureSurely(*process, {.tid = child.pid()}).ok());
  EXPECT_EQ(TracerOf(child.pid()), 0);
  AwaitProgress(counters);
}

// Spins and sleeps in turns of some microseconds, until told to end; counts
// the sleeps that ended with anything but a timeout.
struct Alternation {
  std::atomic<bool> end = false;
  std::atomic<int> sleeps = 0;
  std::atomic<int> interrupted = 0;
};

Child ForkAlternating(const Shared<Alternation>& state) {
  Child child = Child::Fork([&](ChildPipes& parent) {
    const int epoll = epoll_create1(0);
    parent.WriteLine("ready");
    while (!state->end) {
      Burn(20'000);
      epoll_event event;
      const timespec timeout = {0, 20'000};
      if (syscall(SYS_epoll_pwait2, epoll, &event, 1, &timeout, 0, 0) != 0) {
        ++state->interrupted;
      }
      ++state->sleeps;
    }
    return 0;
  });
  child.ReadLine();
  return child;
}

TEST(RunningCapture, InterruptsNoSystemCallOfALoop) {
  const Shared<Alternation> state;
  Child child = ForkAlternating(state);
  const auto process = OpenOrDie(child.pid());
  int asleep = 0;
  int stopped = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto snapshot = process->Capture({.tid = child.pid()});
    if (absl::IsAborted(snapshot.status())) continue;
    ASSERT_TRUE(snapshot.ok()) << snapshot.status();
    ((*snapshot)->method == CaptureMethod::kAsleep ? asleep : stopped)++;
  }
  state->end = true;
  EXPECT_EQ(child.Wait(), 0);
  EXPECT_EQ(state->interrupted, 0);
  EXPECT_GT(state->sleeps, 0);
  // Both ways were exercised.
  EXPECT_GT(asleep, 0);
  EXPECT_GT(stopped, 0);
}

std::atomic<int> handled = 0;

TEST(RunningCapture, LosesNoSignal) {
  if (kThreadSanitizer) GTEST_SKIP() << "TSan puts off signal handlers";
  constexpr int kSignals = 5000;
  Child child = Child::Fork([](ChildPipes& parent) {
    struct sigaction action = {};
    action.sa_handler = [](int) { ++handled; };
    action.sa_flags = SA_RESTART;
    sigaction(SIGRTMIN, &action, nullptr);
    parent.WriteLine("ready");
    while (handled < kSignals) {
    }
    parent.WriteLine(absl::StrCat(handled.load()));
    parent.ReadLine();  // it may still be looked at
    return 0;
  });
  child.ReadLine();
  const auto process = OpenOrDie(child.pid());
  for (int i = 0; i < kSignals; ++i) {
    child.Signal(SIGRTMIN);  // queued: each one counts
    const auto snapshot = process->Capture({.tid = child.pid()});
    ASSERT_TRUE(snapshot.ok() || absl::IsAborted(snapshot.status()))
        << snapshot.status();
  }
  EXPECT_EQ(child.ReadLine(), absl::StrCat(kSignals));
}

TEST(RunningCapture, LetsJobControlWork) {
  const Shared<SpinCounters> counters;
  const Child child = ForkSpinning(counters);
  const auto process = OpenOrDie(child.pid());
  for (int i = 0; i < 50; ++i) {
    child.Signal(SIGSTOP);
    // Whatever moment of the stopping this hits, the stop must hold.
    const auto snapshot = CaptureSurely(*process, {.tid = child.pid()});
    ASSERT_TRUE(snapshot.ok()) << snapshot.status();
    ASSERT_EQ(waitpid(child.pid(), nullptr, WUNTRACED), child.pid());
    const auto stopped = CaptureSurely(*process, {.tid = child.pid()});
    ASSERT_TRUE(stopped.ok()) << stopped.status();
    ASSERT_EQ((*stopped)->state, ThreadState::kStopped);
    child.Signal(SIGCONT);
    AwaitProgress(counters);
  }
}

TEST(RunningCapture, CopesWithThreadsThatComeAndGo) {
  const Shared<std::atomic<bool>> end;
  Child child = Child::Fork([&](ChildPipes& parent) {
    parent.WriteLine("ready");
    int ended = 0;
    while (!*end) {
      std::vector<std::thread> threads;
      for (int i = 0; i < 4; ++i) {
        threads.emplace_back([] { Burn(10'000); });
      }
      for (std::thread& thread : threads) thread.join();
      ended += 4;
    }
    parent.WriteLine(ended > 0 ? "all joined" : "none");
    return 0;
  });
  child.ReadLine();
  const auto process = OpenOrDie(child.pid());
  int captured = 0;
  for (int i = 0; i < 500 || captured < 20; ++i) {
    const auto threads = process->Threads();
    ASSERT_TRUE(threads.ok()) << threads.status();
    for (const ThreadInfo& thread : *threads) {
      const auto snapshot = process->Capture({.tid = thread.tid});
      ASSERT_TRUE(snapshot.ok() || absl::IsNotFound(snapshot.status()) ||
                  absl::IsAborted(snapshot.status()))
          << snapshot.status();
      captured += snapshot.ok() && thread.tid != child.pid();
    }
  }
  *end = true;
  EXPECT_EQ(child.ReadLine(), "all joined");
  EXPECT_EQ(child.Wait(), 0);
}

TEST(RunningCapture, SaysNotFoundOnceTheProcessExits) {
  for (int i = 0; i < 50; ++i) {
    Child child = Child::Fork([](ChildPipes& parent) {
      parent.WriteLine("ready");
      parent.ReadLine();
      Burn(100'000);
      return 7;
    });
    child.ReadLine();
    const auto process = OpenOrDie(child.pid());
    EXPECT_TRUE(process->Alive());
    child.WriteLine("exit");
    absl::Status status;
    while (status.ok() || absl::IsAborted(status)) {
      status = process->Capture({.tid = child.pid()}).status();
    }
    ASSERT_TRUE(absl::IsNotFound(status)) << status;
    // We are its parent, and the captures have not taken its status from us.
    ASSERT_EQ(child.Wait(), 7);
    EXPECT_FALSE(process->Alive());
    EXPECT_TRUE(absl::IsNotFound(process->Threads().status()));
    EXPECT_TRUE(absl::IsNotFound(process->Mappings().status()));
  }
}

TEST(RunningCapture, NamesTheTracerThatIsInTheWay) {
  const Shared<SpinCounters> counters;
  const Child child = ForkSpinning(counters);
  Child tracer = Child::Fork([&](ChildPipes& parent) {
    const bool seized = ptrace(PTRACE_SEIZE, child.pid(), 0, 0) == 0;
    parent.WriteLine(seized ? "seized" : "failed");
    parent.ReadLine();
    return 0;
  });
  ASSERT_EQ(tracer.ReadLine(), "seized");
  const auto process = OpenOrDie(child.pid());
  const auto refused = process->Capture({.tid = child.pid()});
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status())) << refused.status();
  EXPECT_THAT(std::string(refused.status().message()),
              HasSubstr(absl::StrCat("(process ", tracer.pid(), ")")));
  tracer.WriteLine("go");
  tracer.Wait();
  const auto snapshot = CaptureSurely(*process, {.tid = child.pid()});
  EXPECT_TRUE(snapshot.ok()) << snapshot.status();
}

TEST(RunningCapture, SharesATargetWithAnotherHubspy) {
  const Shared<SpinCounters> counters;
  const Child child = ForkSpinning(counters);
  const Shared<std::atomic<int>> others;
  Child other = Child::Fork([&](ChildPipes& parent) {
    const auto process = OpenOrDie(child.pid());
    for (;;) *others += process->Capture({.tid = child.pid()}).ok();
    return 0;
  });
  const auto process = OpenOrDie(child.pid());
  // Each finds the other attached now and then; neither may be shut out.
  int captured = 0;
  while (captured < 200 || *others < 200) {
    const auto snapshot = process->Capture({.tid = child.pid()});
    captured += snapshot.ok();
  }
  EXPECT_TRUE(process->Alive());
}

}  // namespace
}  // namespace hubspy
