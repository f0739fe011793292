// Threads that sleep in a function without a frame, of which only pc and sp are
// known.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "profiler/unwind/unwinder_fixture.h"

namespace hubspy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A function as glibc's syscall, the linker's stub for it, and callers of all
// kinds: with the frame record at the frame's bottom (gcc), at its top (clang),
// with none, with a frame of no fixed size; one that is jumped to, and those
// that call them, of which Outermost is a thread's first.
__asm__(
    ".macro global_function name\n"
    ".balign 4\n"
    ".globl \\name\n"
    ".type \\name, %function\n"
    "\\name:\n"
    ".cfi_startproc\n"
    ".endm\n"
    ".macro calls what, after\n"
    "  bl \\what\n"
    ".globl \\after\n"
    "\\after:\n"
    ".endm\n"
    ".text\n"
    "global_function Sleeps\n"
    "  nop\n"
    "  mov w8, w0\n"
    "  svc #0\n"
    ".globl InSleeps\n"
    "InSleeps:\n"
    "  ret\n"
    ".cfi_endproc\n"
    "global_function StubOfSleeps\n"
    "  adrp x16, slot_of_sleeps\n"
    "  ldr x17, [x16, #:lo12:slot_of_sleeps]\n"
    "  add x16, x16, #:lo12:slot_of_sleeps\n"
    "  br x17\n"
    ".cfi_endproc\n"
    "global_function RecordAtBottom\n"
    "  stp x29, x30, [sp, #-32]!\n"
    "  .cfi_def_cfa_offset 32\n"
    "  .cfi_offset 29, -32\n"
    "  .cfi_offset 30, -24\n"
    "  mov x29, sp\n"
    "  bl RecordAtTop\n"
    "  calls Sleeps, InRecordAtBottom\n"
    "  ldp x29, x30, [sp], #32\n"
    "  ret\n"
    ".cfi_endproc\n"
    "global_function NoRecord\n"
    "  str x30, [sp, #-32]!\n"
    "  .cfi_def_cfa_offset 32\n"
    "  .cfi_offset 30, -32\n"
    "  calls StubOfSleeps, InNoRecord\n"
    "  ldr x30, [sp], #32\n"
    "  ret\n"
    ".cfi_endproc\n"
    "global_function RecordAtTop\n"
    "  sub sp, sp, #48\n"
    "  stp x29, x30, [sp, #32]\n"
    "  add x29, sp, #32\n"
    "  .cfi_def_cfa 29, 16\n"
    "  .cfi_offset 29, -16\n"
    "  .cfi_offset 30, -8\n"
    "  cbz x0, 1f\n"
    "  calls StubOfSleeps, InRecordAtTop\n"
    "1: ldp x29, x30, [sp, #32]\n"
    "  add sp, sp, #48\n"
    "  ret\n"
    ".cfi_endproc\n"
    // Its code does not tell where the record is before it has branched.
    "global_function RecordAfterBranch\n"
    "  .cfi_remember_state\n"
    "  cbz x0, 1f\n"
    "  sub sp, sp, #48\n"
    "  stp x29, x30, [sp, #32]\n"
    "  add x29, sp, #32\n"
    "  .cfi_def_cfa 29, 16\n"
    "  .cfi_offset 29, -16\n"
    "  .cfi_offset 30, -8\n"
    "  calls Sleeps, InRecordAfterBranch\n"
    "  ldp x29, x30, [sp, #32]\n"
    "  add sp, sp, #48\n"
    "  .cfi_restore_state\n"
    "1: ret\n"
    ".cfi_endproc\n"
    "global_function AnySize\n"
    "  stp x29, x30, [sp, #-16]!\n"
    "  mov x29, sp\n"
    "  .cfi_def_cfa 29, 16\n"
    "  .cfi_offset 29, -16\n"
    "  .cfi_offset 30, -8\n"
    "  sub sp, sp, x0\n"
    "  bl Sleeps\n"
    "  mov sp, x29\n"
    "  ldp x29, x30, [sp], #16\n"
    "  ret\n"
    ".cfi_endproc\n"
    "global_function JumpsToNoRecord\n"
    "  cbz x0, 1f\n"
    "  b NoRecord\n"
    "1: ret\n"
    ".cfi_endproc\n"
    "global_function Between\n"
    "  stp x29, x30, [sp, #-16]!\n"
    "  .cfi_def_cfa_offset 16\n"
    "  .cfi_offset 29, -16\n"
    "  .cfi_offset 30, -8\n"
    "  mov x29, sp\n"
    "  calls RecordAtBottom, InBetween\n"
    "  ldp x29, x30, [sp], #16\n"
    "  ret\n"
    ".cfi_endproc\n"
    "global_function Outermost\n"
    "  .cfi_undefined 30\n"
    "  calls RecordAtBottom, BehindRecordAtBottom\n"
    "  calls NoRecord, BehindNoRecord\n"
    "  calls RecordAtTop, BehindRecordAtTop\n"
    "  calls RecordAfterBranch, BehindRecordAfterBranch\n"
    "  calls AnySize, BehindAnySize\n"
    "  calls JumpsToNoRecord, BehindJumpsToNoRecord\n"
    "  calls Between, BehindBetween\n"
    "  blr x0\n"
    ".globl BehindPointer\n"
    "BehindPointer:\n"
    "  brk #0\n"
    ".cfi_endproc\n"
    // The same without unwind table, as Go has it. What comes before a caller
    // ends with a call that never returns.
    "bare_nap:\n"
    "  svc #0\n"
    "  ret\n"
    ".globl BareSleeps\n"
    "BareSleeps:\n"
    "  ldr x0, [sp, #8]\n"
    "  svc #0\n"
    ".globl InBareSleeps\n"
    "InBareSleeps:\n"
    "  str w0, [sp, #16]\n"
    "  ret\n"
    ".globl BareAborts\n"
    "BareAborts:\n"
    "  str x30, [sp, #-16]!\n"
    "  bl Outermost\n"
    ".globl BareCaller\n"
    "BareCaller:\n"
    "  str x30, [sp, #-48]!\n"
    "  stur x29, [sp, #-8]\n"
    "  sub x29, sp, #8\n"
    "  cbnz x0, 1f\n"
    "  ldur x29, [sp, #-8]\n"
    "  ldr x30, [sp], #48\n"
    "  ret\n"
    "1:\n"
    "  bl bare_nap\n"
    "  calls BareSleeps, InBareCaller\n"
    "  ldur x29, [sp, #-8]\n"
    "  ldr x30, [sp], #48\n"
    "  ret\n"
    ".globl BareOutermost\n"
    "BareOutermost:\n"
    "  str x30, [sp, #-16]!\n"
    "  calls BareCaller, BehindBareCaller\n"
    "  calls BareAborts, BehindBareAborts\n"
    "  blr x0\n"
    ".globl BehindBarePointer\n"
    "BehindBarePointer:\n"
    "  brk #0\n"
    ".data\n"
    ".balign 8\n"
    ".globl slot_of_sleeps\n"
    "slot_of_sleeps: .quad Sleeps\n"
    ".text\n");
extern "C" {
void Sleeps();
void InSleeps();
void InRecordAtBottom();
void InNoRecord();
void InRecordAtTop();
void InRecordAfterBranch();
void InBetween();
void Outermost();
void BehindRecordAtBottom();
void BehindNoRecord();
void BehindRecordAtTop();
void BehindRecordAfterBranch();
void BehindAnySize();
void BehindJumpsToNoRecord();
void BehindBetween();
void BehindPointer();
void InBareSleeps();
void InBareCaller();
void BehindBareCaller();
void BehindBareAborts();
void BehindBarePointer();
extern void (*volatile slot_of_sleeps)();
}

uint64_t At(void (*place)()) { return reinterpret_cast<uint64_t>(place); }

size_t ReadOwn(Address from, absl::Span<std::byte> into) {
  return ReadMemory(getpid(), from, into);
}

class LinkRegisterTest : public testing::Test {
 protected:
  // From `words` on the stack, and others behind them.
  Stack Unwind(std::vector<uint64_t> words, void (*pc)() = InSleeps) {
    words.resize(32, 7);
    MemoryCopy stack{.begin = Address(0x10000),
                     .bytes = std::vector<std::byte>(words.size() * 8)};
    std::memcpy(stack.bytes.data(), words.data(), stack.bytes.size());
    return unwinder_.Unwind(
        Registers::FromPcAndSp(Address(At(pc)), stack.begin), stack);
  }
  void ExpectUndecided(const Stack& stack) {
    EXPECT_THAT(CallersIn(stack), IsEmpty());
    EXPECT_EQ(stack.end, StackEnd::kUnknownFramePointer);
  }

  ModuleMap modules_ = ReadModules(getpid());
  Unwinder unwinder_{modules_, ReadOwn};
};

TEST_F(LinkRegisterTest, IsFoundWithTheRecordAtTheFramesBottom) {
  const Stack stack = Unwind({0, At(BehindRecordAtBottom)});
  EXPECT_THAT(CallersIn(stack),
              ElementsAre(At(InRecordAtBottom), At(BehindRecordAtBottom)));
  EXPECT_EQ(stack.end, StackEnd::kComplete);
}

TEST_F(LinkRegisterTest, IsFoundWithoutAFrameRecordAndBehindAStub) {
  const Stack stack = Unwind({At(BehindNoRecord)});
  EXPECT_THAT(CallersIn(stack),
              ElementsAre(At(InNoRecord), At(BehindNoRecord)));
  EXPECT_EQ(stack.end, StackEnd::kComplete);
}

TEST_F(LinkRegisterTest, IsFoundWithTheRecordAtTheFramesTop) {
  const Stack stack = Unwind({7, 7, 7, 7, 0x10100, At(BehindRecordAtTop)});
  EXPECT_THAT(CallersIn(stack),
              ElementsAre(At(InRecordAtTop), At(BehindRecordAtTop)));
  EXPECT_EQ(stack.end, StackEnd::kComplete);
}

TEST_F(LinkRegisterTest, IsFoundWhereOnlyTheWayOutTellsOfTheRecord) {
  const Stack stack =
      Unwind({7, 7, 7, 7, 0x10100, At(BehindRecordAfterBranch)});
  EXPECT_THAT(CallersIn(stack), ElementsAre(At(InRecordAfterBranch),
                                            At(BehindRecordAfterBranch)));
  EXPECT_EQ(stack.end, StackEnd::kComplete);
}

TEST_F(LinkRegisterTest, IsFoundInAFunctionThatWasJumpedTo) {
  const Stack stack = Unwind({At(BehindJumpsToNoRecord)});
  EXPECT_THAT(CallersIn(stack),
              ElementsAre(At(InNoRecord), At(BehindJumpsToNoRecord)));
}

TEST_F(LinkRegisterTest, SignedReturnAddressIsStripped) {
  const Stack stack =
      Unwind({0, At(BehindRecordAtBottom) | 0x0035'0000'0000'0000});
  EXPECT_THAT(CallersIn(stack),
              ElementsAre(At(InRecordAtBottom), At(BehindRecordAtBottom)));
}

TEST_F(LinkRegisterTest, StubThatWasBoundSinceIsRead) {
  slot_of_sleeps = Outermost;
  ExpectUndecided(Unwind({At(BehindNoRecord)}));
  slot_of_sleeps = Sleeps;
  EXPECT_THAT(CallersIn(Unwind({At(BehindNoRecord)})),
              ElementsAre(At(InNoRecord), At(BehindNoRecord)));
}

TEST_F(LinkRegisterTest, ReturnAddressElsewhereInTheFrameIsNotIts) {
  ExpectUndecided(Unwind({0, 7, At(BehindRecordAtBottom)}));
  ExpectUndecided(Unwind({7, 7, 0x10100, At(BehindRecordAtTop)}));
}

TEST_F(LinkRegisterTest, CallThroughAPointerLeavesItUnknown) {
  ExpectUndecided(Unwind({0, At(BehindPointer)}));
}

TEST_F(LinkRegisterTest, FrameOfNoFixedSizeLeavesItUnknown) {
  ExpectUndecided(Unwind({7, 7, 0x10100, At(BehindAnySize)}));
}

TEST_F(LinkRegisterTest, TwoFunctionsThatFitLeaveItUnknown) {
  ExpectUndecided(
      Unwind({At(BehindNoRecord), 7, 7, 7, 0x10100, At(BehindRecordAtTop)}));
}

TEST_F(LinkRegisterTest, CallersCallerMustHaveBeenCalled) {
  const Stack stack = Unwind({0, At(InBetween), 7, 7, 0, At(BehindBetween)});
  EXPECT_THAT(CallersIn(stack), ElementsAre(At(InRecordAtBottom), At(InBetween),
                                            At(BehindBetween)));
  ExpectUndecided(Unwind({0, At(InBetween), 7, 7, 0, At(BehindNoRecord)}));
}

TEST_F(LinkRegisterTest, IsFoundByCodeAlone) {
  EXPECT_THAT(CallersIn(Unwind({At(BehindBareCaller)}, InBareSleeps)),
              ElementsAre(At(InBareCaller), At(BehindBareCaller)));
}

TEST_F(LinkRegisterTest, CodeThatIsNotReachedCallsNothing) {
  for (const auto behind : {BehindBareAborts, BehindBarePointer}) {
    const Stack stack = Unwind({At(behind)}, InBareSleeps);
    EXPECT_THAT(CallersIn(stack), IsEmpty());
    EXPECT_EQ(stack.end, StackEnd::kNoUnwindTable);
  }
}

// Only the innermost frame still has it.
TEST_F(LinkRegisterTest, IsNotLookedForInACaller) {
  MemoryCopy stack{.begin = Address(0x10000),
                   .bytes = std::vector<std::byte>(256)};
  const uint64_t behind = At(BehindNoRecord);
  std::memcpy(stack.bytes.data(), &behind, sizeof behind);
  EXPECT_THAT(CallersIn(unwinder_.Unwind(
                  Registers::FromPcAndSp(Address(At(InSleeps)), stack.begin),
                  stack, {.top_is_return = true})),
              IsEmpty());
}

TEST_F(LinkRegisterTest, AnyCodeAndAnyStackNeverCrash) {
  const Captured captured = CaptureHere(16 * 1024);
  std::mt19937_64 random(3);
  for (const LoadedModule& module : modules_.modules()) {
    const AddressRange range = module.module.range;
    for (int round = 0; round < 100; ++round) {
      MemoryCopy spoilt = captured.stack;
      for (size_t i = 0; i + 8 <= spoilt.bytes.size(); i += 64) {
        const uint64_t word =
            range.begin.value() + random() % range.size() / 4 * 4;
        std::memcpy(spoilt.bytes.data() + i, &word, sizeof word);
      }
      const Address pc = range.begin + random() % range.size() / 4 * 4;
      EXPECT_FALSE(
          unwinder_
              .Unwind(Registers::FromPcAndSp(pc, captured.registers.sp()),
                      spoilt)
              .frames.empty());
    }
  }
}

std::atomic<pid_t> sleeper = 0;
uint32_t futex_word = 0;

__attribute__((noinline)) long SleepInSyscall() {
  sleeper = static_cast<pid_t>(syscall(SYS_gettid));
  while (__atomic_load_n(&futex_word, __ATOMIC_ACQUIRE) == 0) {
    syscall(SYS_futex, &futex_word, FUTEX_WAIT_PRIVATE, 0, nullptr, nullptr, 0);
  }
  return sleeper;
}

// What the kernel tells of a thread that sleeps in that call.
Registers AsleepIn(pid_t tid, int64_t call) {
  for (;;) {
    std::ifstream file(absl::StrCat("/proc/self/task/", tid, "/syscall"));
    std::vector<std::string> words;
    for (std::string word; file >> word;) words.push_back(word);
    if (words.size() == 9 && words[0] == std::to_string(call)) {
      return Registers::FromPcAndSp(
          Address(std::stoull(words[8], nullptr, 16)),
          Address(std::stoull(words[7], nullptr, 16)));
    }
    std::this_thread::yield();
  }
}

TEST_F(LinkRegisterTest, IsFoundOfAThreadThatSleepsInGlibcsSyscall) {
  volatile long result = 0;
  std::thread thread([&] { result = SleepInSyscall(); });
  while (sleeper == 0) std::this_thread::yield();
  const Registers registers = AsleepIn(sleeper, SYS_futex);
  const MemoryCopy copy = CopyStack(getpid(), registers.sp(), 1 << 20);
  // Their modules are all loaded only now.
  const ModuleMap modules = ReadModules(getpid());
  Unwinder unwinder(modules, ReadOwn);
  const Stack stack = unwinder.Unwind(registers, copy);
  __atomic_store_n(&futex_word, 1, __ATOMIC_RELEASE);
  syscall(SYS_futex, &futex_word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  thread.join();

  EXPECT_EQ(stack.end, StackEnd::kComplete);
  ASSERT_GT(stack.frames.size(), 2u);
  const auto begin = reinterpret_cast<uint64_t>(SleepInSyscall);
  EXPECT_GT(stack.frames[1].address().value(), begin);
  EXPECT_LT(stack.frames[1].address().value(), begin + 200);
}

}  // namespace
}  // namespace hubspy
