#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "annotate/annotate.h"

namespace hubspy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// One-byte pieces of code, so that a test can count.
constexpr uint8_t kNop = 0x90;
constexpr uint8_t kRet = 0xc3;

Annotation Annotate(std::vector<uint8_t> code,
                    std::vector<FunctionSample> samples = {}) {
  const CodePiece piece{.begin = Address(0x1000), .bytes = std::move(code)};
  return AnnotateCode({&piece, 1}, samples);
}

std::vector<std::string> Texts(const Annotation& annotation) {
  std::vector<std::string> texts;
  for (const auto& instruction : annotation.instructions) {
    texts.push_back(instruction.text);
  }
  return texts;
}

// "first..last/depth", by the offsets of instructions.
std::vector<std::string> Loops(const Annotation& annotation) {
  std::vector<std::string> loops;
  for (const Annotation::Loop& loop : annotation.loops) {
    const auto at = [&](size_t i) {
      return std::to_string(annotation.instructions[i].address.value() -
                            0x1000);
    };
    loops.push_back(at(loop.first) + ".." + at(loop.last) + "/" +
                    std::to_string(loop.depth));
  }
  return loops;
}

FunctionSample Own(uint64_t offset, int64_t count) {
  return {.own = Address(0x1000 + offset), .count = count};
}

FunctionSample Calling(std::vector<uint64_t> offsets, int64_t count) {
  FunctionSample sample{.count = count};
  for (const uint64_t offset : offsets) {
    sample.callers.push_back(Address(0x1000 + offset));
  }
  return sample;
}

TEST(Listing, IsInAttSyntaxWithWhatRipRelativeOperandsMean) {
  EXPECT_THAT(Texts(Annotate({0x48, 0x8b, 0x05, 4, 0, 0, 0, 0x75, 0xfe, kRet})),
              ElementsAre("movq 4(%rip), %rax # 0x100b", "jne 0x1007", "retq"));
}

TEST(Listing, MarksWhatWaits) {
  const Annotation a = Annotate({0xf3, 0x90,              // pause
                                 0xf0, 0x0f, 0xb1, 0x17,  // lock cmpxchg
                                 0x87, 0x07,              // xchg with memory
                                 0x87, 0xc3,              // with a register
                                 0x0f, 0x05});            // syscall
  std::vector<InstructionRole> roles;
  for (const auto& i : a.instructions) roles.push_back(i.role);
  EXPECT_THAT(roles,
              ElementsAre(InstructionRole::kPause, InstructionRole::kAtomic,
                          InstructionRole::kAtomic, InstructionRole::kOther,
                          InstructionRole::kSystemCall));
}

TEST(Listing, OfWhatIsNoInstructionIsBytes) {
  EXPECT_THAT(Texts(Annotate({0x06, 0x06, kNop})),
              ElementsAre(".byte 0x06", ".byte 0x06", "nop"));
}

TEST(Listing, OfACutInstructionIsBytes) {
  EXPECT_THAT(Texts(Annotate({kNop, 0xe8, 0x01})),
              ElementsAre("nop", ".byte 0xe8", ".byte 0x01"));
  EXPECT_THAT(Texts(Annotate({})), IsEmpty());
  EXPECT_THAT(Texts(AnnotateCode({}, {})), IsEmpty());
}

// Which Capstone 4 does not know.
TEST(Listing, StaysInStepBehindInstructionsThatOnlyTellTheirLength) {
  const std::vector<uint8_t> vpcmpeqb_at_rdi = {0x62, 0xf3, 0x7d, 0x20,
                                                0x3f, 0x07, 0x00};
  std::vector<uint8_t> code = vpcmpeqb_at_rdi;
  code.push_back(kRet);
  EXPECT_THAT(Texts(Annotate(code)),
              ElementsAre(".byte 0x62 0xf3 0x7d 0x20 0x3f 0x07 0x00", "retq"));
}

TEST(Loop, ReachesFromTheTargetOfABackwardBranchToIt) {
  //                                      1: nop, 2: jne 1
  const Annotation a = Annotate({kNop, kNop, 0x75, 0xfd, kRet});
  EXPECT_THAT(Loops(a), ElementsAre("1..2/0"));
}

TEST(Loop, OfTwoBranchesToOneTargetIsOne) {
  EXPECT_THAT(Loops(Annotate({kNop, 0x75, 0xfd, kNop, 0x75, 0xfa, kRet})),
              ElementsAre("0..4/0"));
}

TEST(Loop, OfOneInstructionIsOne) {
  EXPECT_THAT(Loops(Annotate({0xeb, 0xfe})), ElementsAre("0..0/0"));
}

TEST(Loop, MayHoldAnother) {
  // 0: nop  1: nop  2: jne 1  4: jne 0
  EXPECT_THAT(Loops(Annotate({kNop, kNop, 0x75, 0xfd, 0x75, 0xfa, kRet})),
              ElementsAre("0..4/0", "1..2/1"));
}

TEST(Loop, ThatOverlapsAnotherIsOneWithIt) {
  // 0: nop  1: nop  2: jne 0  4: jne 1: either is entered in its middle.
  EXPECT_THAT(Loops(Annotate({kNop, kNop, 0x75, 0xfc, 0x75, 0xfb, kRet})),
              ElementsAre("0..4/0"));
  // 0: nop  1: nop  2: nop  3: jne 2  5: jne 1  7: jne 0, and one that leaves
  // the second for the third: 9: jne 1.
  EXPECT_THAT(Loops(Annotate({kNop, kNop, kNop, 0x75, 0xfd, 0x75, 0xfa, 0x75,
                              0xf7, 0x75, 0xf6, kRet})),
              ElementsAre("0..9/0", "2..3/1"));
}

TEST(Loop, BehindAnotherTakesItsDepth) {
  EXPECT_THAT(Loops(Annotate({kNop, 0x75, 0xfd, kNop, 0x75, 0xfd, kRet})),
              ElementsAre("0..1/0", "3..4/0"));
}

// 0: nop  1: ret  2: jmp 0: how the ends of a function are shared.
TEST(Loop, IsNotWhatNeverComesBack) {
  EXPECT_THAT(Loops(Annotate({kNop, kRet, 0xeb, 0xfc})), IsEmpty());
}

// glibc skips a lock prefix so: 0: lock cmpxchg  4: jne 1.
TEST(Loop, MayBeEnteredInTheMiddleOfAnInstruction) {
  EXPECT_THAT(Loops(Annotate({0xf0, 0x0f, 0xb1, 0x17, 0x75, 0xfb, kRet})),
              ElementsAre("0..4/0"));
}

// 0: jmp *%rax  2: nop  3: jmp 0  5: ret: a switch in a loop.
TEST(Loop, GoesThroughAComputedJump) {
  EXPECT_THAT(Loops(Annotate({0xff, 0xe0, kNop, 0xeb, 0xfb, kRet})),
              ElementsAre("0..3/0"));
}

TEST(Loop, LiesInOnePieceOfTheFunction) {
  // 0x1000: nop; jne 0x2000; ret.  0x2000: jmp 0x1000
  const std::vector<CodePiece> pieces = {
      {.begin = Address(0x1000),
       .bytes = {kNop, 0x0f, 0x85, 0xf9, 0x0f, 0, 0, kRet}},
      {.begin = Address(0x2000), .bytes = {0xe9, 0xfb, 0xef, 0xff, 0xff}}};
  const Annotation a = AnnotateCode(pieces, {Own(0, 1)});
  ASSERT_EQ(a.instructions[1].target, Address(0x2000));
  ASSERT_EQ(a.instructions.back().target, Address(0x1000));
  EXPECT_THAT(a.loops, IsEmpty());
}

TEST(Loop, LeadsNowhereOutsideOfTheCode) {
  EXPECT_THAT(Loops(Annotate({kNop, 0xeb, 0x80, 0xe9, 0, 0, 0, 0x80})),
              IsEmpty());
}

std::vector<uint8_t> Concat(std::vector<std::vector<uint8_t>> parts) {
  std::vector<uint8_t> all;
  for (const auto& part : parts)
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

std::optional<uint32_t> SystemCallIn(std::vector<std::vector<uint8_t>> parts) {
  for (const auto& i : Annotate(Concat(std::move(parts))).instructions) {
    if (i.role == InstructionRole::kSystemCall) return i.system_call;
  }
  ADD_FAILURE() << "no system call";
  return std::nullopt;
}

const std::vector<uint8_t> kMovFutexToEax = {0xb8, 0xca, 0, 0, 0};
const std::vector<uint8_t> kSyscall = {0x0f, 0x05};

TEST(SystemCall, IsTheOneThatWasPutIntoEax) {
  EXPECT_EQ(SystemCallIn({kMovFutexToEax, {kNop}, kSyscall}), 0xcau);
  EXPECT_EQ(SystemCallIn({{0x31, 0xc0}, kSyscall}), 0u);  // xor eax, eax
  EXPECT_EQ(SystemCallIn({{0x48, 0xc7, 0xc0, 1, 0, 0, 0}, kSyscall}), 1u);
}

TEST(SystemCall, IsNotKnownWhenAnythingCameBetween) {
  EXPECT_EQ(SystemCallIn({kSyscall}), std::nullopt);
  const std::vector<uint8_t> write_al = {0xb0, 1};
  const std::vector<uint8_t> call = {0xe8, 0, 0, 0, 0};
  const std::vector<uint8_t> call_computed = {0xff, 0xd3};
  const std::vector<uint8_t> cmpxchg = {0x0f, 0xb1, 0x17};
  for (const auto& between :
       {write_al, call, call_computed, cmpxchg, kSyscall}) {
    const Annotation a = Annotate(Concat({kMovFutexToEax, between, kSyscall}));
    EXPECT_EQ(a.instructions.back().system_call, std::nullopt);
  }
}

TEST(SystemCall, IsNotKnownWhereOneMayComeFromElsewhere) {
  // 0: mov  5: syscall  7: jne 5
  const Annotation a =
      Annotate(Concat({kMovFutexToEax, kSyscall, {0x75, 0xfc}}));
  EXPECT_EQ(a.instructions[1].system_call, std::nullopt);
  // mov; ret; syscall
  EXPECT_EQ(SystemCallIn({kMovFutexToEax, {kRet}, kSyscall}), std::nullopt);
}

TEST(Samples, CountAtTheInstructionThatHoldsTheirAddress) {
  //                      0: mov eax, 0xca           5: nop
  const Annotation a =
      Annotate({0xb8, 0xca, 0, 0, 0, kNop}, {Own(0, 3), Own(4, 2), Own(5, 10)});
  EXPECT_EQ(a.instructions[0].own, 5);
  EXPECT_EQ(a.instructions[1].own, 10);
  EXPECT_EQ(a.instructions[1].total, 10);
  EXPECT_EQ(a.own, 15);
  EXPECT_EQ(a.total, 15);
}

TEST(Samples, BehindASystemCallCountForIt) {
  // 0: mov  5: syscall  7: nop  8: nop
  const Annotation a =
      Annotate(Concat({kMovFutexToEax, kSyscall, {kNop, kNop}}),
               {Own(7, 100), Own(8, 1)});
  EXPECT_EQ(a.instructions[1].own, 100);
  EXPECT_EQ(a.instructions[2].own, 0);
  EXPECT_EQ(a.instructions[3].own, 1);
}

// The last one there is: a return address can lie behind the function.
TEST(Samples, BehindASystemCallAtTheEndCountForIt) {
  const Annotation a = Annotate({kNop, 0x0f, 0x05}, {Own(3, 7)});
  EXPECT_EQ(a.instructions[1].own, 7);
  EXPECT_EQ(a.left_out, 0);
}

TEST(Samples, OfACallerCountOnceHoweverOftenItIsInTheStack) {
  // 0: call  5: call
  const Annotation a =
      Annotate({0xe8, 0, 0, 0, 0, 0xe8, 0, 0, 0, 0, 0xeb, 0xf4},
               {Calling({4, 4, 9}, 6), Own(10, 1)});
  EXPECT_EQ(a.instructions[0].own, 0);
  EXPECT_EQ(a.instructions[0].total, 6);
  EXPECT_EQ(a.instructions[1].total, 6);
  EXPECT_EQ(a.own, 1);
  EXPECT_EQ(a.total, 7);
  ASSERT_EQ(a.loops.size(), 1u);
  EXPECT_EQ(a.loops[0].own, 1);
  EXPECT_EQ(a.loops[0].total, 7);
}

TEST(Samples, AtAnAddressThatIsNotListedAreCounted) {
  const Annotation a = Annotate(
      {kNop}, {Own(1, 2), Own(0, 3), Calling({0xffffffff}, 4), Own(-1, 5)});
  EXPECT_EQ(a.left_out, 11);
  EXPECT_EQ(a.instructions[0].total, 3);
  EXPECT_EQ(a.total, 14);
}

// Own shares add up, whatever the addresses.
TEST(Samples, AllCountSomewhere) {
  std::vector<FunctionSample> samples;
  for (uint64_t offset = 0; offset < 40; ++offset) {
    samples.push_back(Own(offset, static_cast<int64_t>(offset) + 1));
  }
  const Annotation a = Annotate(
      Concat({kMovFutexToEax, kSyscall, {0x06}, kMovFutexToEax, {0x75, 0xf0}}),
      samples);
  int64_t own = a.left_out;
  for (const auto& i : a.instructions) own += i.own;
  EXPECT_EQ(own, a.total);
}

}  // namespace
}  // namespace hubspy
