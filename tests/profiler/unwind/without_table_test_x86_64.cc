#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstring>
#include <utility>
#include <vector>

#include "profiler/unwind/unwinder_fixture.h"
#include "support/sanitizers.h"

namespace hubspy {
namespace {

using ::testing::IsEmpty;

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
  registers.Set(Reg::kFp, 0);
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
  registers.Set(Reg::kFp, goroutine.begin.value());

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

}  // namespace
}  // namespace hubspy
