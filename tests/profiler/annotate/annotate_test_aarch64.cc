#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "annotate/annotate.h"
#include "decode/decoder.h"

namespace hubspy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = Instruction::Kind;

constexpr uint64_t kBegin = 0x1000;
constexpr uint32_t kNop = 0xd503201f;
constexpr uint32_t kRet = 0xd65f03c0;
constexpr uint32_t kSvc = 0xd4000001;
constexpr uint32_t kMovFutexToX8 = 0xd2800c48;  // mov x8, #98

std::vector<uint8_t> Bytes(const std::vector<uint32_t>& code) {
  std::vector<uint8_t> bytes(code.size() * 4);
  std::memcpy(bytes.data(), code.data(), bytes.size());
  return bytes;
}

Annotation Annotate(const std::vector<uint32_t>& code,
                    std::vector<FunctionSample> samples = {}) {
  const CodePiece piece{.begin = Address(kBegin), .bytes = Bytes(code)};
  return AnnotateCode({&piece, 1}, samples);
}

Instruction Decoded(uint32_t code) {
  const std::vector<uint8_t> bytes = Bytes({code});
  const auto instruction = Decode(bytes, Address(kBegin));
  EXPECT_TRUE(instruction) << std::hex << code;
  return instruction.value_or(Instruction{});
}

TEST(Decoder, TellsWhereCodeGoesOn) {
  const Instruction call = Decoded(0x94000006);  // bl
  EXPECT_EQ(call.kind, Kind::kCall);
  EXPECT_EQ(call.target, Address(kBegin + 24));
  EXPECT_EQ(Decoded(0xd63f0120).kind, Kind::kCall);  // blr x9
  EXPECT_EQ(Decoded(0xd63f093f).kind, Kind::kCall);  // blraaz x9
  EXPECT_EQ(Decoded(kRet).kind, Kind::kReturn);
  EXPECT_EQ(Decoded(0xd65f0bff).kind, Kind::kReturn);  // retaa
  EXPECT_EQ(Decoded(0xd61f0220).kind, Kind::kJump);    // br x17
  const Instruction jump = Decoded(0x17ffffff);        // b . - 4
  EXPECT_EQ(jump.kind, Kind::kJump);
  EXPECT_EQ(jump.target, Address(kBegin - 4));
  for (const uint32_t branch : {0x54000041u,     // b.ne . + 8
                                0xb4000040u,     // cbz x0, . + 8
                                0x37000040u}) {  // tbnz w0, #0, . + 8
    EXPECT_EQ(Decoded(branch).kind, Kind::kBranch);
    EXPECT_EQ(Decoded(branch).target, Address(kBegin + 8));
  }
  EXPECT_EQ(Decoded(0xd4200020).kind, Kind::kTrap);  // brk #1
  EXPECT_EQ(Decoded(0x00000000).kind, Kind::kTrap);  // udf #0
}

TEST(Decoder, TellsWhatPrologueAndEpilogueDo) {
  const Instruction push = Decoded(0xa9bf7bfd);  // stp x29, x30, [sp, #-16]!
  EXPECT_EQ(push.kind, Kind::kStores);
  EXPECT_EQ(push.sp_before, -16);
  EXPECT_EQ(push.sp_after, 0);
  EXPECT_EQ(push.value, 0);
  EXPECT_EQ(push.fp_word, 0);
  EXPECT_EQ(push.lr_word, 1);
  const Instruction pop = Decoded(0xa8c17bfd);  // ldp x29, x30, [sp], #16
  EXPECT_EQ(pop.kind, Kind::kLoads);
  EXPECT_EQ(pop.sp_before, 0);
  EXPECT_EQ(pop.sp_after, 16);
  EXPECT_EQ(pop.lr_word, 1);
  const Instruction store = Decoded(0xa9017bfd);  // stp x29, x30, [sp, #16]
  EXPECT_EQ(store.kind, Kind::kStores);
  EXPECT_EQ(store.value, 16);
  EXPECT_EQ(store.sp_before + store.sp_after, 0);
  const Instruction go = Decoded(0xf81b0ffe);  // str x30, [sp, #-80]!
  EXPECT_EQ(go.kind, Kind::kStores);
  EXPECT_EQ(go.sp_before, -80);
  EXPECT_EQ(go.lr_word, 0);
  EXPECT_EQ(go.fp_word, -1);
  const Instruction below = Decoded(0xf81f83fd);  // stur x29, [sp, #-8]
  EXPECT_EQ(below.kind, Kind::kStores);
  EXPECT_EQ(below.value, -8);
  EXPECT_EQ(below.fp_word, 0);

  EXPECT_EQ(Decoded(0xd10083ff).kind, Kind::kAddToSp);  // sub sp, sp, #32
  EXPECT_EQ(Decoded(0xd10083ff).value, -32);
  EXPECT_EQ(Decoded(0x914007ff).value, 4096);  // add sp, sp, #1, lsl #12
  EXPECT_EQ(Decoded(0x910003fd).kind, Kind::kFpFromSp);  // mov x29, sp
  EXPECT_EQ(Decoded(0x910043fd).value, 16);              // add x29, sp, #16
  EXPECT_EQ(Decoded(0x910003bf).kind, Kind::kSpFromFp);  // mov sp, x29
  EXPECT_EQ(Decoded(0x9100013f).kind, Kind::kSpoilsSp);  // mov sp, x9
  EXPECT_EQ(Decoded(0xaa0103fd).kind, Kind::kSpoilsFp);  // mov x29, x1
  EXPECT_EQ(Decoded(0xaa0103fe).kind, Kind::kSpoilsLr);  // mov x30, x1
  EXPECT_EQ(Decoded(0xf9400bf3).kind, Kind::kOther);     // ldr x19, [sp, #16]
  EXPECT_EQ(Decoded(0xd503233f).kind, Kind::kOther);     // paciasp
}

TEST(Decoder, KnowsNoHalfAndNoOddInstructions) {
  const std::vector<uint8_t> bytes = Bytes({kRet});
  EXPECT_FALSE(Decode(absl::MakeConstSpan(bytes).first(3), Address(kBegin)));
  EXPECT_FALSE(Decode(bytes, Address(kBegin + 2)));
}

TEST(Listing, IsInTheAssemblersSyntax) {
  const Annotation a = Annotate({0xf9400a60, kNop, kRet});
  ASSERT_EQ(a.instructions.size(), 3u);
  EXPECT_EQ(a.instructions[0].text, "ldr x0, [x19, #0x10]");
  EXPECT_EQ(a.instructions[1].text, "nop");
  EXPECT_EQ(a.instructions[2].text, "ret");
}

TEST(Listing, MarksWhatWaits) {
  const Annotation a = Annotate({0xd503203f,  // yield
                                 0xd5033fdf,  // isb
                                 0x885ffc20,  // ldaxr w0, [x1]
                                 0x88e07c41,  // casa w0, w1, [x2]
                                 0xb8e00041,  // ldaddal w0, w1, [x2]
                                 0xf9400a60,  // ldr x0, [x19, #16]
                                 0xa9bf7bfd,  // stp x29, x30, [sp, #-16]!
                                 kSvc});
  std::vector<InstructionRole> roles;
  for (const auto& i : a.instructions) roles.push_back(i.role);
  EXPECT_THAT(
      roles,
      ElementsAre(InstructionRole::kPause, InstructionRole::kPause,
                  InstructionRole::kAtomic, InstructionRole::kAtomic,
                  InstructionRole::kAtomic, InstructionRole::kOther,
                  InstructionRole::kOther, InstructionRole::kSystemCall));
}

TEST(Loops, AreBackwardBranches) {
  // 0: nop  4: nop  8: b.ne 4  c: ret
  const Annotation a = Annotate({kNop, kNop, 0x54ffffe1, kRet});
  ASSERT_EQ(a.loops.size(), 1u);
  EXPECT_EQ(a.loops[0].first, 1u);
  EXPECT_EQ(a.loops[0].last, 2u);
  // 0: nop  4: ret  8: b 0: a jump back to code that returns
  EXPECT_THAT(Annotate({kNop, kRet, 0x17fffffe}).loops, IsEmpty());
}

TEST(SystemCall, IsKnownByItsNumber) {
  const Annotation known = Annotate({kMovFutexToX8, kNop, kSvc});
  EXPECT_EQ(known.instructions.back().system_call, 98u);
  constexpr uint32_t kOtherToX8 = 0xaa0103e8;  // mov x8, x1
  constexpr uint32_t kCall = 0x94000006;
  for (const uint32_t between : {kOtherToX8, kCall, kSvc}) {
    const Annotation a = Annotate({kMovFutexToX8, between, kSvc});
    EXPECT_EQ(a.instructions.back().system_call, std::nullopt);
  }
}

}  // namespace
}  // namespace hubspy
