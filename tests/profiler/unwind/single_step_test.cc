// The strongest test there is: a child is stepped through code instruction by
// instruction, the calls and returns are counted along, and after every single
// instruction the unwinder must find exactly the frames that are there. The
// frames below are the child's own word, by libgcc's unwinder.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <csignal>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "profiler/unwind/live_capture.h"
#include "step_machine.h"
#include "support/child.h"
#include "unwind/unwinder.h"

extern "C" {
int SubjectUnoptimized(int n);
int SubjectOptimized(int n);
int SubjectFramePointer(int n);
int SubjectBareUnoptimized(int n);
int SubjectBareOptimized(int n);
int SubjectBareFramePointer(int n);
int SubjectAssembly(int n);
int SubjectLowFramePointer(int n);
}

namespace hubspy {
namespace {

using ::testing::ElementsAreArray;

using Subject = int (*)(int);

std::vector<uint64_t> Addresses(const Stack& stack) {
  std::vector<uint64_t> addresses;
  for (const CodeAddress frame : stack.frames) {
    addresses.push_back(frame.address().value());
  }
  return addresses;
}

// Prints who called it, stops, and calls the subject.
__attribute__((noinline)) void CallSubject(ChildPipes& parent,
                                           Subject subject) {
  const std::vector<uint64_t> callers =
      BacktraceFrom(__builtin_return_address(0));
  parent.WriteLine(absl::StrJoin(callers, " "));
  raise(SIGSTOP);
  volatile int result = subject(3);
  (void)result;
}

// A child inside its subject, and the frames that it must have.
class SteppedChild {
 public:
  explicit SteppedChild(Subject subject)
      : subject_(reinterpret_cast<uint64_t>(subject)),
        child_(Child::Fork([subject](ChildPipes& parent) {
          ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
          CallSubject(parent, subject);
          return 0;
        })) {
    const std::string line = child_.ReadLine();
    for (absl::string_view word : absl::StrSplit(line, ' ')) {
      uint64_t caller = 0;
      EXPECT_TRUE(absl::SimpleAtoi(word, &caller));
      callers_.push_back(caller);
    }
    int status = 0;
    waitpid(child_.pid(), &status, 0);
    modules_.emplace(ReadModules(child_.pid()));
    while (Look().registers.pc().value() != subject_) StepIt();
    EnterCall();
  }

  // One instruction; false: the subject has returned.
  bool Next() {
    const uint64_t pc = now_.registers.pc().value();
    // The child is our fork: its code is ours.
    const auto* code = reinterpret_cast<const uint8_t*>(pc);
    const bool is_call = IsCall(code);
    const bool is_return = IsReturn(code);
    StepIt();
    Look();
    if (is_call) EnterCall();
    if (is_return) returns_.pop_back();
    return !returns_.empty();
  }

  std::vector<uint64_t> ExpectedFrames() const {
    std::vector<uint64_t> frames = {now_.registers.pc().value()};
    frames.insert(frames.end(), returns_.rbegin(), returns_.rend());
    frames.insert(frames.end(), callers_.begin(), callers_.end());
    return frames;
  }

  const LiveCapture& now() const { return now_; }
  const ModuleMap& modules() const { return *modules_; }

 private:
  const LiveCapture& Look() { return now_ = CaptureStopped(child_.pid()); }
  void StepIt() {
    int status = 0;
    ptrace(PTRACE_SINGLESTEP, child_.pid(), nullptr, nullptr);
    waitpid(child_.pid(), &status, 0);
    ASSERT_TRUE(WIFSTOPPED(status)) << "the child is gone";
  }
  void EnterCall() { returns_.push_back(ReturnAddressAtEntry(now_)); }

  uint64_t subject_;
  Child child_;
  std::vector<uint64_t> callers_;
  std::optional<ModuleMap> modules_;
  std::vector<uint64_t> returns_;
  LiveCapture now_;
};

struct Case {
  std::string name;
  Subject subject;
};

// Which of the registers the unwinder gets to see.
using Captured = Registers (*)(const Registers&);

void ExpectEveryFrameAtEveryInstruction(Subject subject, Captured captured) {
  SteppedChild child(subject);
  Unwinder unwinder(child.modules());
  do {
    const Stack stack =
        unwinder.Unwind(captured(child.now().registers), child.now().stack);
    ASSERT_THAT(Addresses(stack), ElementsAreArray(child.ExpectedFrames()))
        << "at subject + 0x" << std::hex
        << child.now().registers.pc().value() -
               reinterpret_cast<uint64_t>(subject);
    ASSERT_EQ(stack.end, StackEnd::kComplete);
  } while (child.Next());
}

class SingleStep : public testing::TestWithParam<Case> {};

TEST_P(SingleStep, FindsEveryFrameAtEveryInstruction) {
  ExpectEveryFrameAtEveryInstruction(
      GetParam().subject, [](const Registers& registers) { return registers; });
}

INSTANTIATE_TEST_SUITE_P(
    WithTable, SingleStep,
    testing::Values(Case{"Unoptimized", SubjectUnoptimized},
                    Case{"Optimized", SubjectOptimized},
                    Case{"FramePointer", SubjectFramePointer},
                    Case{"LowFramePointer", SubjectLowFramePointer}),
    [](const auto& param) { return param.param.name; });

INSTANTIATE_TEST_SUITE_P(
    WithoutTable, SingleStep,
    testing::Values(Case{"Unoptimized", SubjectBareUnoptimized},
                    Case{"Optimized", SubjectBareOptimized},
                    Case{"FramePointer", SubjectBareFramePointer},
                    Case{"Assembly", SubjectAssembly}),
    [](const auto& param) { return param.param.name; });

// As of a thread that sleeps. No thread sleeps in the middle of a prologue, but
// what is found there is found everywhere.
class SingleStepAsleep : public testing::TestWithParam<Case> {};

TEST_P(SingleStepAsleep, FindsEveryFrameWithoutTheFramePointer) {
  ExpectEveryFrameAtEveryInstruction(GetParam().subject, WithoutFramePointer);
}

INSTANTIATE_TEST_SUITE_P(
    WithTable, SingleStepAsleep,
    testing::Values(Case{"Unoptimized", SubjectUnoptimized},
                    Case{"Optimized", SubjectOptimized},
                    Case{"FramePointer", SubjectFramePointer},
                    Case{"LowFramePointer", SubjectLowFramePointer}),
    [](const auto& param) { return param.param.name; });

// All that /proc tells, in a function that has its return address in a register
// still, or again, as one without a frame has throughout. Either that is found,
// or nothing: the caller's caller is at any rate the right one, and the caller
// is in its function, on a line with such a call.
constexpr uint64_t kFunctionBytes = 400;  // not more, in any of them
class SingleStepByPcAndSp : public testing::TestWithParam<Case> {};

TEST_P(SingleStepByPcAndSp, FindsNoOtherFrames) {
  SteppedChild child(GetParam().subject);
  Unwinder unwinder(child.modules());
  int found = 0;
  do {
    const Registers& all = child.now().registers;
    const Stack stack = unwinder.Unwind(
        Registers::FromPcAndSp(all.pc(), all.sp()), child.now().stack);
    std::vector<uint64_t> frames = Addresses(stack);
    std::vector<uint64_t> expected = child.ExpectedFrames();
    if (frames.size() == 1 && stack.end == StackEnd::kUnknownFramePointer) {
      continue;
    }
    ASSERT_GT(frames.size(), 1u);
    ++found;
    ASSERT_LT(frames[1], expected[1] + kFunctionBytes);
    ASSERT_GT(frames[1], expected[1] - kFunctionBytes);
    frames[1] = expected[1];
    ASSERT_THAT(frames, ElementsAreArray(expected))
        << "at subject + 0x" << std::hex
        << all.pc().value() - reinterpret_cast<uint64_t>(GetParam().subject);
    ASSERT_EQ(stack.end, StackEnd::kComplete);
  } while (child.Next());
  EXPECT_GT(found, 100);
}

INSTANTIATE_TEST_SUITE_P(
    WithTable, SingleStepByPcAndSp,
    testing::Values(Case{"Unoptimized", SubjectUnoptimized},
                    Case{"Optimized", SubjectOptimized},
                    Case{"FramePointer", SubjectFramePointer}),
    [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace hubspy
