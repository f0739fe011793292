// The unwinder on this process's own stack, whole, cut and spoilt.
#include "unwind/unwinder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "model/page_size.h"
#include "profiler/unwind/unwinder_fixture.h"
#include "support/sanitizers.h"

namespace hubspy {
namespace {

using ::testing::ElementsAreArray;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(UnwinderTest, FindsTheFramesThatLibgccFinds) {
  const Captured captured = CaptureHere();
  const Stack stack = unwinder_.Unwind(captured.registers, captured.stack);
  EXPECT_THAT(CallersIn(stack), ElementsAreArray(captured.callers));
  EXPECT_EQ(stack.end, StackEnd::kComplete);
}

TEST_F(UnwinderTest, OnlyTheInnermostFrameIsNoReturnAddress) {
  const Captured captured = CaptureHere();
  const Stack stack = unwinder_.Unwind(captured.registers, captured.stack);
  ASSERT_THAT(stack.frames, SizeIs(Ge(3)));
  EXPECT_FALSE(stack.frames[0].is_return());
  for (size_t i = 1; i < stack.frames.size(); ++i) {
    EXPECT_TRUE(stack.frames[i].is_return()) << i;
  }
}

TEST_F(UnwinderTest, SuspendedContextBeginsWithAReturnAddress) {
  const Captured captured = CaptureHere();
  const Stack whole = unwinder_.Unwind(captured.registers, captured.stack);
  const Stack stack = unwinder_.Unwind(captured.registers, captured.stack,
                                       {.top_is_return = true});
  EXPECT_TRUE(stack.frames[0].is_return());
  EXPECT_EQ(CallersIn(stack), CallersIn(whole));
}

TEST_F(UnwinderTest, KeepsBothEndsOfADeepStack) {
  const Captured captured = CaptureHere();
  const Stack whole = unwinder_.Unwind(captured.registers, captured.stack);
  const size_t depth = whole.frames.size();
  ASSERT_GE(depth, 8u);
  EXPECT_EQ(whole.left_out.count, 0);
  for (size_t outermost = 1; outermost <= 4; ++outermost) {
    const Stack stack =
        unwinder_.Unwind(captured.registers, captured.stack,
                         {.innermost = 3, .outermost = outermost});
    std::vector<CodeAddress> ends(whole.frames.begin(),
                                  whole.frames.begin() + 3);
    ends.insert(ends.end(), whole.frames.end() - static_cast<long>(outermost),
                whole.frames.end());
    EXPECT_EQ(stack.frames, ends);
    EXPECT_EQ(stack.end, StackEnd::kComplete);
    EXPECT_EQ(stack.left_out.after, 3u);
    EXPECT_EQ(stack.left_out.count,
              static_cast<int64_t>(depth - 3 - outermost));
  }
  const Stack enough =
      unwinder_.Unwind(captured.registers, captured.stack,
                       {.innermost = 3, .outermost = depth - 3});
  EXPECT_EQ(enough.frames, whole.frames);
  EXPECT_EQ(enough.left_out.count, 0);
}

// Less of a copy is not enough, and as much is.
TEST_F(UnwinderTest, SaysHowMuchOfTheCopyItTook) {
  const Captured captured = CaptureHere();
  const Stack whole = unwinder_.Unwind(captured.registers, captured.stack);
  MemoryCopy cut = captured.stack;
  cut.bytes.resize(whole.bytes);
  const Stack short_by_one_frame = unwinder_.Unwind(captured.registers, cut);
  EXPECT_EQ(short_by_one_frame.bytes, whole.bytes);
  cut.bytes.resize(whole.bytes + whole.bytes / 4);
  EXPECT_EQ(unwinder_.Unwind(captured.registers, cut).end, StackEnd::kComplete);
}

TEST_F(UnwinderTest, CopyThatEndsEarlyGivesTheInnermostFrames) {
  const Captured captured = CaptureHere();
  for (size_t size = 0; size < captured.stack.bytes.size(); size += 8) {
    // The first one is of a stack of which nothing could be read.
    const auto begin = captured.stack.bytes.begin();
    const MemoryCopy cut = {captured.stack.begin,
                            {begin, begin + static_cast<std::ptrdiff_t>(size)}};
    const Stack stack = unwinder_.Unwind(captured.registers, cut);
    if (stack.end == StackEnd::kComplete) {
      EXPECT_THAT(CallersIn(stack), ElementsAreArray(captured.callers));
      break;
    }
    ASSERT_EQ(stack.end, StackEnd::kCopyTooSmall) << size;
    ASSERT_LE(CallersIn(stack).size(), captured.callers.size());
    ASSERT_THAT(CallersIn(stack),
                ElementsAreArray(
                    captured.callers.begin(),
                    captured.callers.begin() +
                        static_cast<std::ptrdiff_t>(CallersIn(stack).size())))
        << size;
  }
}

TEST_F(UnwinderTest, NoModulesIsUnreadableMemory) {
  const Captured captured = CaptureHere();
  const ModuleMap none;
  Unwinder unwinder(none);
  Registers registers = captured.registers;
  registers.Forget(Reg::kFp);
  const Stack stack = unwinder.Unwind(registers, captured.stack);
  EXPECT_THAT(stack.frames, SizeIs(1));
  EXPECT_EQ(stack.end, StackEnd::kUnreadableMemory);
}

TEST_F(UnwinderTest, StepsOverASignalIntoAnExactAddress) {
  if (kThreadSanitizer) GTEST_SKIP() << "its handlers are no signal frames";
  std::signal(SIGUSR1, OnSignal);
  raise(SIGUSR1);
  std::signal(SIGUSR1, SIG_DFL);
  const Stack stack =
      unwinder_.Unwind(from_signal.registers, from_signal.stack);
  EXPECT_THAT(CallersIn(stack), ElementsAreArray(from_signal.callers));
  EXPECT_EQ(stack.end, StackEnd::kComplete);
  // CaptureHere, OnSignal, the trampoline, and what the signal interrupted.
  EXPECT_TRUE(stack.frames[2].is_return());
  EXPECT_FALSE(stack.frames[3].is_return());
}

MemoryCopy interrupted_stack;
void OnSignalStack(int, siginfo_t*, void* context) {
  from_signal = CaptureHere();
  const auto* const interrupted = static_cast<const ucontext_t*>(context);
  interrupted_stack =
      CopyStack(getpid(), RegistersOf(*interrupted).sp(), 1 << 20);
}

TEST_F(UnwinderTest, ContinuesOnTheStackThatASignalStackInterrupted) {
  if (kThreadSanitizer) GTEST_SKIP() << "its handlers are no signal frames";
  constexpr size_t kSize = 1 << 20;
  // Pages without access keep it from being one mapping with a neighbour.
  void* const memory =
      mmap(nullptr, kSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  stack_t alternate{.ss_sp = static_cast<char*>(memory) + PageSize(),
                    .ss_flags = 0,
                    .ss_size = kSize - 2 * PageSize()};
  ASSERT_EQ(
      mprotect(alternate.ss_sp, alternate.ss_size, PROT_READ | PROT_WRITE), 0);
  stack_t before;
  ASSERT_EQ(sigaltstack(&alternate, &before), 0);
  struct sigaction action = {};
  action.sa_sigaction = OnSignalStack;
  action.sa_flags = SA_ONSTACK | SA_SIGINFO;
  sigaction(SIGUSR1, &action, nullptr);
  raise(SIGUSR1);
  std::signal(SIGUSR1, SIG_DFL);
  sigaltstack(&before, nullptr);
  munmap(memory, kSize);

  Stack stack = unwinder_.Unwind(from_signal.registers, from_signal.stack);
  EXPECT_EQ(stack.end, StackEnd::kOtherStack);
  ASSERT_EQ(unwinder_.OtherStackSp(), interrupted_stack.begin);
  stack = unwinder_.Continue(std::move(stack), interrupted_stack);
  EXPECT_EQ(stack.end, StackEnd::kComplete);
  EXPECT_THAT(CallersIn(stack), ElementsAreArray(from_signal.callers));
}

TEST_F(UnwinderTest, WholeStackInterruptedNoOther) {
  const Captured captured = CaptureHere();
  unwinder_.Unwind(captured.registers, captured.stack);
  EXPECT_EQ(unwinder_.OtherStackSp(), std::nullopt);
}

// A call that never returns may be the last instruction of a function: its
// return address is the next function's.
[[noreturn]] __attribute__((noinline)) void Throw(Captured& captured) {
  captured = CaptureHere();
  throw std::runtime_error("ends the function");
}
__attribute__((noinline)) void EndsWithCall(Captured& captured) {
  Throw(captured);
}

TEST_F(UnwinderTest, LooksUpTheCallAndNotWhatIsBehindIt) {
  Captured captured;
  EXPECT_THROW(EndsWithCall(captured), std::runtime_error);
  const Stack stack = unwinder_.Unwind(captured.registers, captured.stack);
  EXPECT_THAT(CallersIn(stack), ElementsAreArray(captured.callers));
}

TEST_F(UnwinderTest, GarbageOnTheStackNeverCrashes) {
  const Captured captured = CaptureHere(64 * 1024);
  std::mt19937_64 random(1);
  for (int round = 0; round < 3000; ++round) {
    MemoryCopy spoilt = captured.stack;
    Registers registers = captured.registers;
    for (int i = 0; i < 20; ++i) {
      const size_t at = random() % (spoilt.bytes.size() / 8) * 8;
      uint64_t word = random();
      if (i % 3 == 0) word %= 1 << 20;
      if (i % 3 == 1) word = registers.sp().value() + word % 100000;
      std::memcpy(spoilt.bytes.data() + at, &word, 8);
    }
    if (round % 4 == 0) registers.Set(Reg::kFp, random());
    if (round % 4 == 1) registers.Forget(Reg::kFp);
    Stack stack = unwinder_.Unwind(registers, spoilt);
    ASSERT_LE(stack.frames.size(), 1024u);
    stack = unwinder_.Continue(std::move(stack), spoilt);
    ASSERT_LE(stack.frames.size(), 2 * 1024u);
  }
}

TEST_F(UnwinderTest, AnyAddressInAnyModuleNeverCrashes) {
  const Captured captured = CaptureHere(16 * 1024);
  std::mt19937_64 random(2);
  for (const LoadedModule& module : modules_.modules()) {
    for (int round = 0; round < 200; ++round) {
      Registers registers = captured.registers;
      registers.Set(Reg::kPc, (module.module.range.begin +
                               random() % module.module.range.size())
                                  .value());
      if (round % 2 == 0) registers.Forget(Reg::kFp);
      EXPECT_FALSE(unwinder_.Unwind(registers, captured.stack).frames.empty());
    }
  }
}

// The guard catches only its own faults.
TEST(UnwinderDeathTest, FaultsOfTheProgramStillKillIt) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        const ModuleMap modules = ReadModules(getpid());
        Unwinder unwinder(modules);
        const Captured captured = CaptureHere();
        unwinder.Unwind(captured.registers, captured.stack);
        *static_cast<volatile char*>(mmap(
            nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) = 1;
      },
      "");
}

}  // namespace
}  // namespace hubspy
