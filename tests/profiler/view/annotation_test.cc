#include "view/annotation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace hubspy {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Annotation BusyWait() {
  Annotation a{.function = "BusyWait", .module = "/bin/spin"};
  a.instructions = {
      {.address = Address(0x1190), .text = "xorl %eax, %eax"},
      {.address = Address(0x1192),
       .text = "pause",
       .role = InstructionRole::kPause,
       .own = 930,
       .total = 930},
      {.address = Address(0x1194),
       .text = "lock cmpxchgl %edx, (%rdi)",
       .role = InstructionRole::kAtomic},
      {.address = Address(0x1198), .text = "jne 0x1192", .own = 3, .total = 3},
      {.address = Address(0x119a),
       .text = "callq 0x1000",
       .is_call = true,
       .target = Address(0x1000),
       .total = 67,
       .target_name = "Report"},
      {.address = Address(0x119f), .text = "retq"}};
  a.sources = {{"/src/spin.cc", 22, "  pause();"}, {"/src/spin.cc", 24, ""}};
  a.instructions[1].source = 0;
  a.instructions[2].source = 0;
  a.instructions[4].source = 1;
  a.loops = {{.first = 1, .last = 3, .own = 933, .total = 933}};
  a.own = 933;
  a.total = 1000;
  return a;
}

TEST(AnnotationText, ShowsSharesLinesLoopsAndMarks) {
  EXPECT_EQ(RenderAnnotationText(BusyWait(), {}),
            R"(BusyWait, in /bin/spin
1000 samples with it in their stack: 93 % its own, 7 % in what it called
93 % of the samples of BusyWait are in the loop 0x1192..0x1198, which spins on pause and lock cmpxchgl, and makes no system call.

    %Own   %Total  Address
                      1190    xorl %eax, %eax
                              spin.cc:22    pause();
  93.00%   93.00%     1192  ┌ pause  ; spin hint
                      1194  │ lock cmpxchgl %edx, (%rdi)  ; atomic
   0.30%    0.30%     1198  └ jne 0x1192
                              spin.cc:24
            6.70%     119a    callq 0x1000 <Report>
                      119f    retq
)");
}

TEST(AnnotationText, NestsLoopsInItsGutter) {
  Annotation a = BusyWait();
  a.loops = {{.first = 0, .last = 5},
             {.first = 1, .last = 3, .depth = 1},
             {.first = 4, .last = 4, .depth = 1}};
  const std::string text = RenderAnnotationText(a, {});
  EXPECT_THAT(text, HasSubstr("1190  ┌  xorl"));
  EXPECT_THAT(text, HasSubstr("1192  │┌ pause"));
  EXPECT_THAT(text, HasSubstr("1194  ││ lock"));
  EXPECT_THAT(text, HasSubstr("1198  │└ jne"));
  EXPECT_THAT(text, HasSubstr("119a  │[ callq"));
  EXPECT_THAT(text, HasSubstr("119f  └  retq"));
}

TEST(AnnotationText, SaysWhereAnInlinedFunctionIs) {
  Annotation a = BusyWait();
  a.inlined_into = "main";
  a.instructions[1].is_inlined_part = true;
  const std::string text = RenderAnnotationText(a, {});
  EXPECT_THAT(text, HasSubstr("BusyWait, where it is inlined into main (marked "
                              "*), in /bin/spin\n"));
  EXPECT_THAT(text, HasSubstr("1192* ┌ pause"));
  EXPECT_THAT(text, HasSubstr("1190    xorl"));
}

Annotation Long(size_t size) {
  Annotation a{.function = "Long"};
  for (size_t i = 0; i < size; ++i) {
    a.instructions.push_back({.address = Address(i), .text = "nop"});
  }
  a.total = a.own = 1000;
  return a;
}

TEST(AnnotationText, OfALongFunctionShowsWhatIsHotAndWhatIsAroundIt) {
  Annotation a = Long(1000);
  a.instructions[500].own = a.instructions[500].total = 990;
  a.instructions[0].own = a.instructions[0].total = 10;
  EXPECT_EQ(RenderAnnotationText(a, {}),
            R"(Long
1000 samples with it in their stack: 100 % its own, 0 % in what it called

    %Own   %Total  Address
   1.00%    1.00%        0   nop
                         1   nop
                         2   nop
                         3   nop
                         4   nop
                             ... 491 instructions
                       1f0   nop
                       1f1   nop
                       1f2   nop
                       1f3   nop
  99.00%   99.00%      1f4   nop
                       1f5   nop
                       1f6   nop
                       1f7   nop
                       1f8   nop
                             ... 495 instructions
)");
  const std::string all = RenderAnnotationText(a, {.all = true});
  EXPECT_THAT(all, Not(HasSubstr("...")));
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 4 + 1000);
}

TEST(AnnotationText, SaysWhatShareIsInWhatItLeavesOut) {
  Annotation a = Long(1000);
  for (auto& i : a.instructions) i.own = i.total = 1;  // 0.1 % each
  EXPECT_THAT(RenderAnnotationText(a, {}),
              HasSubstr("... 986 instructions, 98.60% own together\n"));
}

TEST(AnnotationText, ShowsTheEndsOfAHotLoop) {
  Annotation a = Long(1000);
  a.instructions[500].own = a.instructions[500].total = 1000;
  a.loops = {{.first = 100, .last = 900, .own = 1000, .total = 1000}};
  const std::string text = RenderAnnotationText(a, {});
  EXPECT_THAT(text, HasSubstr(" 64  ┌ nop\n"));
  EXPECT_THAT(text, HasSubstr("384  └ nop\n"));
}

TEST(AnnotationText, SaysWhatItCouldNotList) {
  Annotation a = BusyWait();
  a.left_out = 1;
  a.bytes_left_out = 4096;
  EXPECT_THAT(
      RenderAnnotationText(a, {}),
      HasSubstr("1 sample at addresses that are not listed.\n4096 bytes "
                "of its code are left out"));
  EXPECT_THAT(
      RenderAnnotationText({.function = "f", .total = 1, .left_out = 1}, {}),
      HasSubstr("f\n1 sample with"));
}

TEST(AnnotationText, IsColoredOnlyWhenAsked) {
  const Annotation a = BusyWait();
  EXPECT_THAT(RenderAnnotationText(a, {}), Not(HasSubstr("\x1b")));
  const std::string text = RenderAnnotationText(a, {.colors = true});
  EXPECT_THAT(text, HasSubstr("\x1b[31m  93.00%\x1b[m"));
  EXPECT_THAT(text, HasSubstr("\x1b[1m; spin hint\x1b[m"));
}

TEST(AnnotationText, CleansWhatTheTargetChose) {
  Annotation a = BusyWait();
  const std::string evil = "x\x1b[2J\ny";
  a.function = a.module = a.inlined_into = evil;
  a.sources[0] = {evil, 1, evil};
  a.instructions[4].target_name = evil;
  const std::string text = RenderAnnotationText(a, {});
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 13);
}

TEST(LoopSentence, NamesTheInnermostLoopThatItIsAbout) {
  Annotation a = BusyWait();
  a.loops = {{.first = 0, .last = 5, .total = 1000},
             {.first = 1, .last = 3, .depth = 1, .total = 930}};
  EXPECT_THAT(LoopSentence(a), HasSubstr("93 % of the samples of BusyWait are "
                                         "in the loop 0x1192..0x1198"));
  a.loops[1].total = 500;
  EXPECT_THAT(LoopSentence(a), HasSubstr("0x1190..0x119f"));
}

TEST(LoopSentence, SaysWhatALoopDoes) {
  Annotation a = BusyWait();
  a.loops = {{.first = 0, .last = 5, .total = 1000}};
  EXPECT_THAT(LoopSentence(a),
              HasSubstr("which uses pause and lock cmpxchgl, calls Report, and "
                        "makes no system call of its own."));
  a.instructions[0].role = InstructionRole::kSystemCall;
  EXPECT_THAT(LoopSentence(a), HasSubstr(", and makes a system call."));
  a.instructions[0].system_call_name = "futex";
  EXPECT_THAT(LoopSentence(a), HasSubstr("and makes the system call futex."));
  a.instructions[5].role = InstructionRole::kSystemCall;
  a.instructions[5].system_call_name = "poll";
  EXPECT_THAT(LoopSentence(a),
              HasSubstr("and makes the system calls futex and poll."));
  a.instructions[4].target.reset();
  EXPECT_THAT(LoopSentence(a), HasSubstr("calls a computed address"));
}

TEST(LoopSentence, AnAtomicOperationIsOneAlsoWhereItIsCalled) {
  Annotation a = BusyWait();
  a.loops = {{.first = 0, .last = 5, .total = 1000}};
  a.instructions[4].target_name = "__aarch64_cas4_acq_rel";
  EXPECT_THAT(LoopSentence(a),
              HasSubstr("which spins on pause, lock cmpxchgl and "
                        "__aarch64_cas4_acq_rel, and makes no system call."));
  a.instructions[4].target_name = "__aarch64_sync_cache_range";
  EXPECT_THAT(LoopSentence(a), HasSubstr("calls __aarch64_sync_cache_range,"));
}

TEST(LoopSentence, ListsAFewCalls) {
  Annotation a = Long(6);
  for (size_t i = 0; i < 6; ++i) {
    a.instructions[i].is_call = true;
    a.instructions[i].target = Address(0x100 + i / 2);
    a.instructions[i].target_name = "f" + std::to_string(i);
  }
  a.loops = {{.first = 0, .last = 5, .total = 1000}};
  EXPECT_THAT(LoopSentence(a), HasSubstr("calls f0, f1 and 4 more,"));
}

TEST(LoopSentence, IsEmptyWhenNoLoopMatters) {
  Annotation a = BusyWait();
  a.loops[0].total = 99;
  EXPECT_EQ(LoopSentence(a), "");
  a.loops.clear();
  EXPECT_EQ(LoopSentence(a), "");
  EXPECT_EQ(LoopSentence({}), "");
}

}  // namespace
}  // namespace hubspy
