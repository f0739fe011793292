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
    ".balign 4\n"
    ".globl HandlerWithoutTable\n"
    ".type HandlerWithoutTable, %function\n"
    "HandlerWithoutTable:\n"
    "  stp x29, x30, [sp, #-32]!\n"
    "  adrp x9, on_signal\n"
    "  ldr x9, [x9, #:lo12:on_signal]\n"
    "  blr x9\n"
    "  ldp x29, x30, [sp], #32\n"
    "  ret\n"
    ".size HandlerWithoutTable, . - HandlerWithoutTable\n"
    ".balign 16\n"
    ".globl LikeGoExit\n"
    ".type LikeGoExit, %function\n"
    "LikeGoExit:\n"
    "  mov x0, x0\n"
    "  bl HandlerWithoutTable\n"
    "  brk #0\n"
    "  brk #0\n"
    "  brk #0\n"
    ".globl NotLikeGoExit\n"
    "NotLikeGoExit:\n"
    "  mov x0, x0\n"
    "  bl HandlerWithoutTable\n"
    "  brk #0\n"
    ".size LikeGoExit, . - LikeGoExit\n"
    ".globl ReturnsAtOnce\n"
    ".type ReturnsAtOnce, %function\n"
    "ReturnsAtOnce:\n"
    "  ret\n"
    ".size ReturnsAtOnce, . - ReturnsAtOnce\n"
    ".globl SwitchesStacks\n"
    ".type SwitchesStacks, %function\n"
    "SwitchesStacks:\n"
    "  ldr x9, [x0, #0x38]\n"
    "  mov sp, x9\n"
    "  ldp x29, x30, [sp], #16\n"
    "  ret\n"
    ".size SwitchesStacks, . - SwitchesStacks\n"
    ".globl BeginsAnew\n"
    ".type BeginsAnew, %function\n"
    "BeginsAnew:\n"
    "  str x30, [sp, #-80]!\n"
    "  stur x29, [sp, #-8]\n"
    "  sub x29, sp, #8\n"
    "  cbz x0, 3f\n"
    ".globl InsideBeginsAnew\n"
    "InsideBeginsAnew:\n"
    "  cbnz x1, 3f\n"
    "  bl ReturnsAtOnce\n"
    "  bl ReturnsAtOnce\n"
    "  b BeginsAnew\n"
    "3: ldp x29, x30, [sp, #-8]\n"
    "  add sp, sp, #80\n"
    "  ret\n"
    ".size BeginsAnew, . - BeginsAnew\n");
extern "C" {
void HandlerWithoutTable(int);
void LikeGoExit();
void NotLikeGoExit();
void ReturnsAtOnce();
void SwitchesStacks();
void InsideBeginsAnew();
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

// A thread in ReturnsAtOnce, which returns to `caller`, the outermost frame.
Stack UnwindInto(Unwinder& unwinder, uint64_t caller) {
  const MemoryCopy stack{.begin = Address(0x10000),
                         .bytes = std::vector<std::byte>(64)};
  Registers registers =
      Registers::FromPcAndSp(Address(AddressOf(ReturnsAtOnce)), stack.begin);
  registers.Set(Reg::kLr, caller);
  registers.Set(Reg::kFp, 0);
  return unwinder.Unwind(registers, stack);
}

TEST_F(UnwinderTest, ContinuesOnTheGoroutineThatSwitchedStacks) {
  const MemoryCopy thread{.begin = Address(0x10000),
                          .bytes = std::vector<std::byte>(64)};
  MemoryCopy goroutine{.begin = Address(0x8000),
                       .bytes = std::vector<std::byte>(64)};
  const uint64_t exit = AddressOf(LikeGoExit) + 4;
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

// As Go has it: the caller's frame pointer lies below the return address, and
// that below all else.
TEST_F(UnwinderTest, WayThroughTheBeginOfAFunctionIsNoWayOut) {
  const uint64_t exit = AddressOf(LikeGoExit) + 4;
  const uint64_t stale = AddressOf(LikeGoExit) + 8;  // behind a call, too
  MemoryCopy stack{.begin = Address(0x10000),
                   .bytes = std::vector<std::byte>(128)};
  std::memcpy(stack.bytes.data() + 16, &exit, sizeof exit);
  std::memcpy(stack.bytes.data() + 96, &stale, sizeof stale);
  const Stack unwound = unwinder_.Unwind(
      Registers::FromPcAndSp(Address(AddressOf(InsideBeginsAnew)),
                             stack.begin + 16),
      stack);
  EXPECT_THAT(CallersIn(unwound), testing::ElementsAre(exit));
  EXPECT_EQ(unwound.end, StackEnd::kComplete);
}

// Whoever signs return addresses signs those of all its frames.
TEST_F(UnwinderTest, SignedReturnAddressIsStripped) {
  const uint64_t exit = AddressOf(LikeGoExit) + 4;
  const Stack stack = UnwindInto(unwinder_, exit | 0x0035'0000'0000'0000);
  EXPECT_THAT(CallersIn(stack), testing::ElementsAre(exit));
  EXPECT_EQ(stack.end, StackEnd::kComplete);
}

TEST_F(UnwinderTest, GoroutineBeginsInGoExit) {
  const uint64_t exit = AddressOf(LikeGoExit) + 4;
  const Stack stack = UnwindInto(unwinder_, exit);
  EXPECT_THAT(CallersIn(stack), testing::ElementsAre(exit));
  EXPECT_EQ(stack.end, StackEnd::kComplete);
}

TEST_F(UnwinderTest, OtherCodeThatNothingCalledIsNoCaller) {
  EXPECT_THAT(CallersIn(UnwindInto(unwinder_, AddressOf(NotLikeGoExit) + 4)),
              IsEmpty());
}

}  // namespace
}  // namespace hubspy
