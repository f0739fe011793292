#include "green/traceback.h"

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "green/code_names.h"
#include "green/context.h"
#include "green/sanitizers.h"
#include "green/stack.h"
#include "green/throw_watch.h"
#include "gtest/gtest.h"

namespace green::internal {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Traceback traceback;

}  // namespace

// With external names, which symbol tables have. What follows a call keeps it
// from being a jump.
extern "C" {
int green_test_marker = 0;

[[gnu::noinline]] void green_test_innermost() {
  traceback = TraceHere({});
  ++green_test_marker;
}
[[gnu::noinline]] void green_test_middle() {
  green_test_innermost();
  ++green_test_marker;
}
[[gnu::noinline]] void green_test_outermost() {
  green_test_middle();
  ++green_test_marker;
}
[[gnu::noinline]] void green_test_recursion(int depth) {
  if (depth == 0) {
    green_test_innermost();
  } else {
    green_test_recursion(depth - 1);
  }
  ++green_test_marker;
}
[[gnu::noinline]] void green_test_thrower(void*) {
  ++green_test_marker;
  throw std::runtime_error("thrown");
}
[[gnu::noinline]] void green_test_calls_thrower(void* argument) {
  green_test_thrower(argument);
  ++green_test_marker;
}
[[gnu::noinline]] void green_test_catches(void* argument) {
  try {
    green_test_thrower(argument);
  } catch (const std::runtime_error&) {
    ++green_test_marker;
  }
}

struct Suspended {
  uint64_t inside = 0;
  uint64_t outside = 0;
};
[[gnu::noinline]] void green_test_suspends(Suspended* suspended) {
  SwitchContext(&suspended->inside, suspended->outside);
  ++green_test_marker;
}
[[gnu::noinline]] void green_test_base(void* suspended) {
  for (;;) green_test_suspends(static_cast<Suspended*>(suspended));
}
}

namespace {

// The functions of the frames that have a name.
std::vector<std::string> Functions(const Traceback& of, size_t first = 0) {
  std::vector<std::string> functions;
  for (size_t i = first; i < of.count; ++i) {
    functions.push_back(PlaceName(of.Within(i)));
    functions.back().resize(functions.back().find(' ') != std::string::npos
                                ? functions.back().find(' ')
                                : functions.back().size());
  }
  return functions;
}

TEST(TraceHere, NamesTheCallersInOrder) {
  green_test_outermost();
  const std::vector<std::string> functions = Functions(traceback);
  ASSERT_GE(functions.size(), 4u);
  EXPECT_EQ(functions[0], "green_test_innermost");
  EXPECT_EQ(functions[1], "green_test_middle");
  EXPECT_EQ(functions[2], "green_test_outermost");
  EXPECT_EQ(functions.back(), "_start");
}

TEST(TraceHere, KeepsTheInnermostFramesAndCountsTheRest) {
  green_test_innermost();
  const size_t frames_of_caller = traceback.count - 1;
  green_test_recursion(500);
  EXPECT_EQ(traceback.count, Traceback::kMaxFrames);
  EXPECT_EQ(traceback.count + traceback.left_out, frames_of_caller + 502);
  EXPECT_EQ(Functions(traceback)[0], "green_test_innermost");
  EXPECT_EQ(Functions(traceback)[1], "green_test_recursion");
}

TEST(TraceHere, StopsCountingSomewhere) {
  green_test_recursion(20'000);
  EXPECT_EQ(traceback.left_out, Traceback::kMaxCounted);
}

class TraceContextTest : public testing::Test {
 protected:
  void SetUp() override {
    suspended_.inside =
        PrepareContext(stack_.end, &green_test_base, &suspended_);
  }
  void Enter() {
    // The sanitizers are told nothing: what runs there does nothing that they
    // would look at.
    SwitchContext(&suspended_.outside, suspended_.inside);
  }
  StackBounds bounds() const { return {stack_.begin, stack_.end}; }
  Traceback Trace() const { return TraceContext(suspended_.inside, bounds()); }
  uint64_t* slots() const {
    return reinterpret_cast<uint64_t*>(suspended_.inside);
  }

  StackPool pool_{size_t{64} << 10};
  Stack stack_ = pool_.Acquire();
  Suspended suspended_;
};

TEST_F(TraceContextTest, OneThatHasNotBegunHasNoFrames) {
  EXPECT_EQ(Trace().count, 0u);
}

#if !defined(GREEN_TSAN)
TEST_F(TraceContextTest, NamesTheFramesUpToTheFirst) {
  Enter();
  EXPECT_THAT(Functions(Trace()),
              testing::ElementsAre("green_test_suspends", "green_test_base",
                                   "green_start_context"));
}

TEST_F(TraceContextTest, AnOverwrittenStackEndsTheWalk) {
  Enter();
  const auto end = reinterpret_cast<uint64_t*>(stack_.end);
  // All but where it is resumed.
  for (uint64_t* at = slots() + sizeof(SavedContext) / 8; at < end; ++at) {
    *at = 0x4141414141414141;
  }
  const Traceback walked = Trace();
  EXPECT_GE(walked.count, 1u);
  EXPECT_LE(walked.count, 2u);
}

TEST_F(TraceContextTest, AFramePointerToNowhereIsNotFollowed) {
  Enter();
  for (const SavedRegister& each : kSavedRegisters) {
    if (each.number != kFramePointerNumber) continue;
    slots()[each.offset / 8] = 0x4141414141414141;
  }
  EXPECT_GE(Trace().count, 1u);
}
#endif

TEST_F(TraceContextTest, ASavedStackPointerOutsideOfTheStackHasNoFrames) {
  EXPECT_EQ(TraceContext(stack_.end, bounds()).count, 0u);
  EXPECT_EQ(TraceContext(stack_.end - 8, bounds()).count, 0u);
  EXPECT_EQ(TraceContext(stack_.begin - 64, bounds()).count, 0u);
  EXPECT_EQ(TraceContext(0x4141414141414141, bounds()).count, 0u);
}

TEST(ThrowWatch, SeesTheStackThatThrew) {
  ThrowWatch watch({});
  std::unique_ptr<Traceback> taken;
  try {
    watch.Call(&green_test_calls_thrower, nullptr);
  } catch (const std::runtime_error& e) {
    EXPECT_STREQ(e.what(), "thrown");
    taken = watch.Take();
  }
  ASSERT_NE(taken, nullptr);
  const std::vector<std::string> functions =
      Functions(*taken, FramesOfThrowing(*taken));
  ASSERT_GE(functions.size(), 3u);
  // gcc moves what throws out of the way, into a part of its own.
  EXPECT_THAT(functions[0], testing::StartsWith("green_test_thrower"));
  EXPECT_EQ(functions[1], "green_test_calls_thrower");
  EXPECT_EQ(functions[2], "green_watch_throws");
}

TEST(ThrowWatch, HasNothingToSayOfWhatIsCaughtInside) {
  ThrowWatch watch({});
  watch.Call(&green_test_catches, nullptr);
  EXPECT_EQ(watch.Take(), nullptr);
}

TEST(ThrowWatch, TheInnermostOfTwoDoesNotHideTheOther) {
  ThrowWatch outer({});
  ThrowWatch inner({});
  struct Both {
    ThrowWatch* inner;
  } both{&inner};
  EXPECT_THROW(outer.Call(
                   [](void* argument) {
                     static_cast<Both*>(argument)->inner->Call(
                         &green_test_thrower, nullptr);
                   },
                   &both),
               std::runtime_error);
  EXPECT_NE(inner.Take(), nullptr);
  EXPECT_NE(outer.Take(), nullptr);
}

TEST(CodeNames, GiveTheModuleAndWhereInItToAskForTheLine) {
  green_test_outermost();
  EXPECT_THAT(
      PlaceName(traceback.Within(0)),
      testing::MatchesRegex("green_test_innermost [(].*test[+]0x[0-9a-f]+[)]"));
}

TEST(CodeNames, AnAddressInNoModuleIsANumber) {
  EXPECT_EQ(PlaceName(0x10), "0x10");
}

TEST(CodeNames, FramesAreNumberedFromTheFirstShown) {
  Traceback two;
  two.addresses[0] = 0x11;
  two.addresses[1] = 0x21;
  two.addresses[2] = 0x31;
  two.count = 3;
  EXPECT_EQ(FrameLines(two, 1, "  "), "  #0  0x20\n  #1  0x30\n");
}

TEST(CodeNames, TheSameFrameAgainAndAgainIsOneLine) {
  Traceback same;
  same.count = 12;
  same.addresses.fill(0x11);
  same.addresses[11] = 0x21;
  EXPECT_EQ(FrameLines(same, 0, ""), "#0  0x10, 11 times\n#11 0x20\n");
}

TEST(CodeNames, SayHowManyFramesWereLeftOut) {
  Traceback cut;
  cut.count = 1;
  cut.addresses[0] = 0x11;
  cut.left_out = 7;
  EXPECT_EQ(FrameLines(cut, 0, ""), "#0  0x10\n... and 7 more frames\n");
  cut.left_out = Traceback::kMaxCounted;
  EXPECT_EQ(FrameLines(cut, 0, ""),
            "#0  0x10\n... and 10000 more frames or above\n");
}

TEST(CodeNames, TheFirstFrameOfAnInterruptedThreadIsNotACall) {
  Traceback interrupted;
  interrupted.was_interrupted = true;
  interrupted.count = 2;
  interrupted.addresses[0] = 0x10;
  interrupted.addresses[1] = 0x21;
  EXPECT_EQ(FrameLines(interrupted, 0, ""), "#0  0x10\n#1  0x20\n");
}

}  // namespace
}  // namespace green::internal
