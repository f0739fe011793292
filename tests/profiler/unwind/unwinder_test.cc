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

#include "image/elf_parser.h"
#include "profiler/unwind/live_capture.h"
#include "support/sanitizers.h"

namespace hubspy {
namespace {

using ::testing::ElementsAreArray;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Captured {
  Registers registers;
  MemoryCopy stack;
  std::vector<uint64_t> callers;  // by libgcc
};

// This function's caller's frames, and its own as it is right here.
__attribute__((noinline)) Captured CaptureHere(size_t max_bytes = 1 << 20) {
  Captured captured;
  ucontext_t context;
  getcontext(&context);
  const std::pair<Reg, int> values[] = {
      {Reg::kRbx, REG_RBX}, {Reg::kRbp, REG_RBP}, {Reg::kR12, REG_R12},
      {Reg::kR13, REG_R13}, {Reg::kR14, REG_R14}, {Reg::kR15, REG_R15},
      {Reg::kRsp, REG_RSP}, {Reg::kRip, REG_RIP}};
  for (const auto& [reg, index] : values) {
    captured.registers.Set(
        reg, static_cast<uint64_t>(context.uc_mcontext.gregs[index]));
  }
  captured.stack = CopyStack(getpid(), captured.registers.sp(), max_bytes);
  captured.callers = BacktraceFrom(__builtin_return_address(0));
  return captured;
}

std::vector<uint64_t> CallersIn(const Stack& stack) {
  std::vector<uint64_t> addresses;
  for (const CodeAddress frame : stack.frames) {
    addresses.push_back(frame.address().value());
  }
  if (!addresses.empty()) addresses.erase(addresses.begin());
  return addresses;
}

class UnwinderTest : public testing::Test {
 protected:
  ModuleMap modules_ = ReadModules(getpid());
  Unwinder unwinder_{modules_};
};

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
  registers.Forget(Reg::kRbp);
  const Stack stack = unwinder.Unwind(registers, captured.stack);
  EXPECT_THAT(stack.frames, SizeIs(1));
  EXPECT_EQ(stack.end, StackEnd::kUnreadableMemory);
}

Captured from_signal;
void OnSignal(int) { from_signal = CaptureHere(); }

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
  interrupted_stack = CopyStack(
      getpid(),
      Address(static_cast<uint64_t>(interrupted->uc_mcontext.gregs[REG_RSP])),
      1 << 20);
}

TEST_F(UnwinderTest, ContinuesOnTheStackThatASignalStackInterrupted) {
  if (kThreadSanitizer) GTEST_SKIP() << "its handlers are no signal frames";
  constexpr size_t kSize = 1 << 20;
  // Pages without access keep it from being one mapping with a neighbour.
  void* const memory =
      mmap(nullptr, kSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  stack_t alternate{.ss_sp = static_cast<char*>(memory) + kPageSize,
                    .ss_flags = 0,
                    .ss_size = kSize - 2 * kPageSize};
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

// Hand-written code without call frame information: a handler, code as of Go's
// runtime.goexit, a function that returns at once, one that returns on another
// stack, and one with a way back to its begin.
__asm__(
    ".text\n"
    ".type HandlerWithoutTable, @function\n"
    "HandlerWithoutTable:\n"
    "  sub $24, %rsp\n"
    "  call *on_signal(%rip)\n"
    "  add $24, %rsp\n"
    "  ret\n"
    ".size HandlerWithoutTable, . - HandlerWithoutTable\n"
    ".balign 32, 0xcc\n"
    ".type LikeGoExit, @function\n"
    "LikeGoExit:\n"
    "  nop\n"
    "  call HandlerWithoutTable\n"
    "  nop\n"
    "  int3\n"
    "  int3\n"
    "NotLikeGoExit:\n"
    "  nop\n"
    "  call HandlerWithoutTable\n"
    "  nop\n"
    "  int3\n"
    ".size LikeGoExit, . - LikeGoExit\n"
    ".type ReturnsAtOnce, @function\n"
    "ReturnsAtOnce:\n"
    "  ret\n"
    ".size ReturnsAtOnce, . - ReturnsAtOnce\n"
    ".type SwitchesStacks, @function\n"
    "SwitchesStacks:\n"
    "  mov 0x38(%rax), %rsp\n"
    "  pop %rbp\n"
    "  ret\n"
    ".size SwitchesStacks, . - SwitchesStacks\n"
    ".type BeginsAnew, @function\n"
    "BeginsAnew:\n"
    "  push %rbp\n"
    "  mov %rsp, %rbp\n"
    "  sub $72, %rsp\n"
    "  test %edi, %edi\n"
    "  je 3f\n"
    "InsideBeginsAnew:\n"
    "  test %esi, %esi\n"
    "  jne 3f\n"
    "  call ReturnsAtOnce\n"
    "EndOfBeginsAnew:\n"
    "  call ReturnsAtOnce\n"
    "  jmp BeginsAnew\n"
    "3: add $72, %rsp\n"
    "  pop %rbp\n"
    "  ret\n"
    ".size BeginsAnew, . - BeginsAnew\n");
extern "C" {
void HandlerWithoutTable(int);
void LikeGoExit();
void NotLikeGoExit();
void ReturnsAtOnce();
void SwitchesStacks();
void InsideBeginsAnew();
void EndOfBeginsAnew();
[[gnu::used]] void (*on_signal)(int) = OnSignal;
}

uint64_t AddressOf(void (*function)()) {
  return reinterpret_cast<uint64_t>(function);
}

TEST_F(UnwinderTest, HandlerWithoutATableReturnsToTheTrampoline) {
  if (kThreadSanitizer) GTEST_SKIP() << "its handlers are no signal frames";
  std::signal(SIGUSR1, HandlerWithoutTable);
  raise(SIGUSR1);
  std::signal(SIGUSR1, SIG_DFL);
  const Stack stack =
      unwinder_.Unwind(from_signal.registers, from_signal.stack);
  EXPECT_EQ(stack.end, StackEnd::kComplete);
  EXPECT_THAT(
      CallersIn(stack),
      testing::IsSupersetOf(BacktraceFrom(__builtin_return_address(0))));
}

// A stack on which ReturnsAtOnce returns to `caller`, the outermost frame.
Stack UnwindInto(Unwinder& unwinder, uint64_t caller) {
  MemoryCopy stack{.begin = Address(0x10000),
                   .bytes = std::vector<std::byte>(64)};
  std::memcpy(stack.bytes.data(), &caller, sizeof caller);
  Registers registers =
      Registers::FromPcAndSp(Address(AddressOf(ReturnsAtOnce)), stack.begin);
  registers.Set(Reg::kRbp, 0);
  return unwinder.Unwind(registers, stack);
}

TEST_F(UnwinderTest, ContinuesOnTheGoroutineThatSwitchedStacks) {
  const MemoryCopy thread{.begin = Address(0x10000),
                          .bytes = std::vector<std::byte>(64)};
  MemoryCopy goroutine{.begin = Address(0x8000),
                       .bytes = std::vector<std::byte>(64)};
  const uint64_t exit = AddressOf(LikeGoExit) + 1;
  std::memcpy(goroutine.bytes.data() + 8, &exit, sizeof exit);
  Registers registers =
      Registers::FromPcAndSp(Address(AddressOf(SwitchesStacks)), thread.begin);
  registers.Set(Reg::kRbp, goroutine.begin.value());

  Stack stack = unwinder_.Unwind(registers, thread);
  EXPECT_TRUE(stack.partial());
  ASSERT_EQ(unwinder_.OtherStackSp(), goroutine.begin);
  stack = unwinder_.Continue(std::move(stack), goroutine);
  EXPECT_THAT(CallersIn(stack), testing::ElementsAre(exit));
  EXPECT_EQ(stack.end, StackEnd::kComplete);
}

TEST_F(UnwinderTest, WayThroughTheBeginOfAFunctionIsNoWayOut) {
  const uint64_t exit = AddressOf(LikeGoExit) + 1;
  const uint64_t stale = AddressOf(LikeGoExit) + 6;  // behind a call, too
  MemoryCopy stack{.begin = Address(0x10000),
                   .bytes = std::vector<std::byte>(128)};
  std::memcpy(stack.bytes.data(), &stale, sizeof stale);
  std::memcpy(stack.bytes.data() + 80, &exit, sizeof exit);
  const Stack unwound = unwinder_.Unwind(
      Registers::FromPcAndSp(Address(AddressOf(InsideBeginsAnew)), stack.begin),
      stack);
  EXPECT_THAT(CallersIn(unwound), testing::ElementsAre(exit));
  EXPECT_EQ(unwound.end, StackEnd::kComplete);
}

// There a function of Go's calls for a larger stack, before it has begun.
TEST_F(UnwinderTest, FunctionThatIsAboutToBeginAnewHasNoFrameYet) {
  const uint64_t exit = AddressOf(LikeGoExit) + 1;
  MemoryCopy stack{.begin = Address(0x10000),
                   .bytes = std::vector<std::byte>(128)};
  std::memcpy(stack.bytes.data(), &exit, sizeof exit);
  Registers registers =
      Registers::FromPcAndSp(Address(AddressOf(EndOfBeginsAnew)), stack.begin);
  EXPECT_THAT(CallersIn(unwinder_.Unwind(registers, stack)),
              testing::ElementsAre(exit));
  // As a return address it is behind a call that never returns.
  EXPECT_THAT(
      CallersIn(unwinder_.Unwind(registers, stack, {.top_is_return = true})),
      IsEmpty());
}

TEST_F(UnwinderTest, GoroutineBeginsInGoExit) {
  const uint64_t exit = AddressOf(LikeGoExit) + 1;
  const Stack stack = UnwindInto(unwinder_, exit);
  EXPECT_THAT(CallersIn(stack), testing::ElementsAre(exit));
  EXPECT_EQ(stack.end, StackEnd::kComplete);
}

TEST_F(UnwinderTest, OtherCodeThatNothingCalledIsNoCaller) {
  EXPECT_THAT(CallersIn(UnwindInto(unwinder_, AddressOf(NotLikeGoExit) + 1)),
              IsEmpty());
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
    if (round % 4 == 0) registers.Set(Reg::kRbp, random());
    if (round % 4 == 1) registers.Forget(Reg::kRbp);
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
      registers.Set(Reg::kRip, (module.module.range.begin +
                                random() % module.module.range.size())
                                   .value());
      if (round % 2 == 0) registers.Forget(Reg::kRbp);
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
