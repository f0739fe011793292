// Threads that sleep: captured without a trace of it in them.
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <memory>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "live/blocking_call.h"
#include "live/open_or_die.h"
#include "live/spinning.h"
#include "profiler/unwind/live_capture.h"
#include "support/child.h"
#include "support/shared.h"
#include "target/linux/asleep.h"
#include "target/process.h"

namespace hubspy {
namespace {

class WatchedSleep : public OnBlockingCall {};

TEST_P(WatchedSleep, NeverEnds) {
  constexpr int kLooks = 10'000;
  const Shared<Turns> turns;
  const Child child = ForkBlocking(GetParam(), turns);
  const auto process = OpenOrDie(child.pid());
  const auto first = process->Capture({.tid = child.pid()});
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_TRUE((*first)->sleep.has_value());
  for (int i = 0; i < kLooks; ++i) {
    const auto snapshot = process->Capture({.tid = child.pid()});
    ASSERT_TRUE(snapshot.ok()) << snapshot.status();
    ASSERT_EQ((*snapshot)->method, CaptureMethod::kAsleep);
    // The scheduler has not run it once since the first look.
    ASSERT_EQ((*snapshot)->sleep, (*first)->sleep);
  }
  EXPECT_EQ((*first)->state, ThreadState::kSleeping);
  EXPECT_EQ((*first)->pause_ns, 0);
  ASSERT_TRUE((*first)->system_call.has_value());
  EXPECT_EQ((*first)->system_call->number, GetParam().number);
  EXPECT_EQ(turns->returned, 0);
}

INSTANTIATE_TEST_SUITE_P(Calls, WatchedSleep,
                         testing::ValuesIn(AllBlockingCalls()),
                         [](const auto& call) { return call.param.name; });

// A child that answers each line with one of its own, from a known place on
// its stack.
Child ForkAnswering(const Shared<std::atomic<uint64_t>>& marker_address) {
  return Child::Fork([&](ChildPipes& parent) {
    volatile uint64_t marker = 0x6875627370795f31;
    *marker_address = reinterpret_cast<uint64_t>(&marker);
    while (auto line = parent.NextLine()) parent.WriteLine(*line);
    return 0;
  });
}

TEST(AsleepCapture, SeesThePcSpAndStackThatPtraceSees) {
  const Shared<std::atomic<uint64_t>> marker_address;
  Child child = ForkAnswering(marker_address);
  child.WriteLine("hello");
  child.ReadLine();
  AwaitSystemCall(child.pid(), SYS_read);
  const auto process = OpenOrDie(child.pid());
  const auto snapshot = process->Capture({.tid = child.pid()});
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();

  ASSERT_EQ(ptrace(PTRACE_SEIZE, child.pid(), nullptr, nullptr), 0);
  ASSERT_EQ(ptrace(PTRACE_INTERRUPT, child.pid(), nullptr, nullptr), 0);
  ASSERT_EQ(waitpid(child.pid(), nullptr, __WALL), child.pid());
  const Registers stopped = StoppedRegisters(child.pid());
  ASSERT_EQ(ptrace(PTRACE_DETACH, child.pid(), nullptr, nullptr), 0);
  EXPECT_EQ((*snapshot)->registers.pc(), stopped.pc());
  EXPECT_EQ((*snapshot)->registers.sp(), stopped.sp());
  EXPECT_FALSE((*snapshot)->registers.Has(Reg::kFp));
  EXPECT_EQ((*snapshot)->stack.begin, stopped.sp());
  EXPECT_EQ((*snapshot)->stack.Read<uint64_t>(Address(*marker_address)),
            0x6875627370795f31);
}

TEST(AsleepCapture, ReadsASleepOnceAndTheNextOneAgain) {
  const Shared<std::atomic<uint64_t>> marker_address;
  Child child = ForkAnswering(marker_address);
  AwaitSystemCall(child.pid(), SYS_read);
  const auto process = OpenOrDie(child.pid());
  const auto first = process->Capture({.tid = child.pid()});
  ASSERT_TRUE(first.ok()) << first.status();
  const auto same =
      process->Capture({.tid = child.pid(), .known_sleep = (*first)->sleep});
  ASSERT_TRUE(same.ok()) << same.status();
  EXPECT_FALSE(same->has_value());

  child.WriteLine("turn");
  child.ReadLine();
  AwaitSystemCall(child.pid(), SYS_read);
  const auto next =
      process->Capture({.tid = child.pid(), .known_sleep = (*first)->sleep});
  ASSERT_TRUE(next.ok()) << next.status();
  ASSERT_TRUE(next->has_value());
  // The same place, but another sleep: only the count tells them apart.
  EXPECT_EQ((*next)->sleep->pc, (*first)->sleep->pc);
  EXPECT_EQ((*next)->sleep->sp, (*first)->sleep->sp);
  EXPECT_GT((*next)->sleep->times_run, (*first)->sleep->times_run);
}

class RunCount : public testing::TestWithParam<RunCounting> {};

TEST_P(RunCount, TellsEachSleepFromTheNext) {
  const Shared<std::atomic<uint64_t>> marker_address;
  Child child = ForkAnswering(marker_address);
  AwaitSystemCall(child.pid(), SYS_read);
  const auto directory = ProcDir::Open(child.pid());
  ASSERT_TRUE(directory.ok());
  const auto files = ThreadFiles::Open(*directory, child.pid(), GetParam());
  ASSERT_TRUE(files.ok()) << files.status();
  StackReader reader;
  ASSERT_TRUE(reader.Prepare({}, 4096).ok());
  SleepToken before;
  for (int turn = 0; turn < 1000; ++turn) {
    const auto look = LookWhileAsleep(*files, reader);
    ASSERT_TRUE(look.ok()) << look.status();
    ASSERT_EQ(look->result, LookResult::kSnapshot);
    const SleepToken token = *look->snapshot.sleep;
    ASSERT_NE(token, before);
    ASSERT_EQ(*files->StillIn(token), true);
    before = token;
    child.WriteLine("turn");
    child.ReadLine();
    AwaitSystemCall(child.pid(), SYS_read);
    ASSERT_EQ(*files->StillIn(token), false);
  }
}

TEST_P(RunCount, DoesNotTakeAThreadThatWokeUpForTheSleeper) {
  const Shared<std::atomic<bool>> spinning;
  Child child = Child::Fork([&](ChildPipes& parent) {
    while (parent.NextLine()) {
      *spinning = true;
      while (*spinning) {
      }
    }
    return 0;
  });
  AwaitSystemCall(child.pid(), SYS_read);
  const auto directory = ProcDir::Open(child.pid());
  ASSERT_TRUE(directory.ok());
  const auto files = ThreadFiles::Open(*directory, child.pid(), GetParam());
  ASSERT_TRUE(files.ok()) << files.status();
  StackReader reader;
  ASSERT_TRUE(reader.Prepare({}, 4096).ok());
  for (int turn = 0; turn < 100; ++turn) {
    const auto look = LookWhileAsleep(*files, reader);
    ASSERT_TRUE(look.ok()) << look.status();
    ASSERT_EQ(look->result, LookResult::kSnapshot);
    child.WriteLine("");
    // Without giving way to it: it must not have been switched away from yet.
    while (!*spinning) {
    }
    ASSERT_EQ(*files->StillIn(*look->snapshot.sleep), false);
    *spinning = false;
    AwaitSystemCall(child.pid(), SYS_read);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, RunCount,
                         testing::Values(RunCounting::kTimesRun,
                                         RunCounting::kTimesSwitched),
                         [](const auto& counting) {
                           return counting.param == RunCounting::kTimesRun
                                      ? "TimesRun"
                                      : "TimesSwitched";
                         });

// Two numbers that are equal whenever the thread sleeps, and rarely otherwise,
// and so much in between that it takes a while to copy.
struct Pair {
  std::atomic<uint64_t> first = 0;
  std::array<char, 256 * 1024> between = {};
  std::atomic<uint64_t> last = 0;
};

TEST(AsleepCapture, IsOfOneInstantThoughTheThreadWakesMeanwhile) {
  const Shared<Pair> pair;
  const Child child = Child::Fork([&](ChildPipes&) {
    const int epoll = epoll_create1(0);
    for (;;) {
      ++pair->first;
      Burn(20'000);
      ++pair->last;
      epoll_event event;
      const timespec timeout = {0, 100'000};
      syscall(SYS_epoll_pwait2, epoll, &event, 1, &timeout, nullptr, 0);
    }
    return 0;
  });
  const auto process = OpenOrDie(child.pid());
  const Address begin(reinterpret_cast<uint64_t>(&*pair));
  const CaptureRequest request = {.tid = child.pid(),
                                  .also = {{begin, begin + sizeof(Pair)}}};
  for (int asleep = 0; asleep < 3000;) {
    const auto snapshot = process->Capture(request);
    if (absl::IsAborted(snapshot.status())) continue;
    ASSERT_TRUE(snapshot.ok()) << snapshot.status();
    const auto& call = (*snapshot)->system_call;
    if ((*snapshot)->method != CaptureMethod::kAsleep || !call ||
        call->number != SYS_epoll_pwait2) {
      continue;
    }
    const MemoryCopy& copy = (*snapshot)->extra[0];
    ASSERT_EQ(copy.Read<uint64_t>(begin),
              copy.Read<uint64_t>(begin + offsetof(Pair, last)));
    ++asleep;
  }
}

TEST(AsleepCapture, ReadsWhatItCanOfTheRangesAskedForBesides) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  char* const pages =
      static_cast<char*>(mmap(nullptr, 3 * page, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(pages, MAP_FAILED);
  std::memset(pages, 'x', 3 * page);
  mprotect(pages + page, page, PROT_NONE);
  const Address begin(reinterpret_cast<uint64_t>(pages));
  const Shared<std::atomic<uint64_t>> marker_address;
  const Child child = ForkAnswering(marker_address);
  AwaitSystemCall(child.pid(), SYS_read);
  const auto process = OpenOrDie(child.pid());
  const auto snapshot = process->Capture(
      {.tid = child.pid(),
       .max_stack_bytes = 256,
       .also = {{begin + page - 8, begin + page + 8},
                {begin + page, begin + 2 * page},
                {Address(~uint64_t{0} - 64), Address(~uint64_t{0})},
                {begin, begin},
                {begin + 2 * page, begin + 2 * page + 16}}});
  munmap(pages, 3 * page);
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  const auto& extra = (*snapshot)->extra;
  ASSERT_EQ(extra.size(), 5u);
  EXPECT_EQ(extra[0].bytes, std::vector<std::byte>(8, std::byte{'x'}));
  EXPECT_EQ(extra[1].bytes.size(), 0u);
  EXPECT_EQ(extra[2].bytes.size(), 0u);
  EXPECT_EQ(extra[3].bytes.size(), 0u);
  EXPECT_EQ(extra[4].begin, begin + 2 * page);
  EXPECT_EQ(extra[4].bytes, std::vector<std::byte>(16, std::byte{'x'}));
  EXPECT_EQ((*snapshot)->stack.bytes.size(), 256u);
}

TEST(AsleepCapture, RefusesMoreThanItsLimit) {
  const Shared<std::atomic<uint64_t>> marker_address;
  const Child child = ForkAnswering(marker_address);
  const auto process = OpenOrDie(child.pid());
  for (const AddressRange& range :
       {AddressRange{Address(16), Address(8)},
        AddressRange{Address(0), Address(~uint64_t{0})}}) {
    const auto snapshot =
        process->Capture({.tid = child.pid(), .also = {range}});
    EXPECT_TRUE(absl::IsInvalidArgument(snapshot.status()))
        << snapshot.status();
  }
}

TEST(AsleepCapture, SeesAStoppedProcessAsStoppedAndLeavesItSo) {
  const Shared<std::atomic<uint64_t>> marker_address;
  Child child = ForkAnswering(marker_address);
  AwaitSystemCall(child.pid(), SYS_read);
  const auto process = OpenOrDie(child.pid());
  child.Signal(SIGSTOP);
  ASSERT_EQ(waitpid(child.pid(), nullptr, WUNTRACED), child.pid());
  const auto snapshot = process->Capture({.tid = child.pid()});
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ((*snapshot)->state, ThreadState::kStopped);
  EXPECT_EQ((*snapshot)->method, CaptureMethod::kAsleep);
  EXPECT_EQ((*process->Threads())[0].state, ThreadState::kStopped);
  child.Signal(SIGCONT);
  child.WriteLine("awake");
  EXPECT_EQ(child.ReadLine(), "awake");
}

// A thread in vfork waits uninterruptibly; only its child can wake it.
TEST(AsleepCapture, ReadsAThreadThatCannotBeInterrupted) {
  Child child = Child::Fork([](ChildPipes& parent) {
    // As vfork, but without its trap of a shared stack.
    if (syscall(SYS_clone, CLONE_VFORK | SIGCHLD, 0, 0, 0, 0) == 0) {
      char c;
      _exit(read(parent.read_fd(), &c, 1) == 1 ? 0 : 1);
    }
    parent.WriteLine("done");
    return 0;
  });
  AwaitSystemCall(child.pid(), SYS_clone);
  const auto process = OpenOrDie(child.pid());
  const auto snapshot = process->Capture({.tid = child.pid()});
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ((*snapshot)->method, CaptureMethod::kAsleep);
  child.WriteLine("");
  EXPECT_EQ(child.ReadLine(), "done");
}

TEST(AsleepCapture, ReadsAThreadThatSomethingElseTraces) {
  const Shared<std::atomic<uint64_t>> marker_address;
  const Child child = ForkAnswering(marker_address);
  AwaitSystemCall(child.pid(), SYS_read);
  Child tracer = Child::Fork([&](ChildPipes& parent) {
    const bool seized = ptrace(PTRACE_SEIZE, child.pid(), 0, 0) == 0;
    parent.WriteLine(seized ? "seized" : "failed");
    parent.ReadLine();
    return 0;
  });
  ASSERT_EQ(tracer.ReadLine(), "seized");
  const auto process = OpenOrDie(child.pid());
  const auto snapshot = process->Capture({.tid = child.pid()});
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ((*snapshot)->method, CaptureMethod::kAsleep);
}

}  // namespace
}  // namespace hubspy
