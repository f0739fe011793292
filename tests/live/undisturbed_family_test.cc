// The same as undisturbed_test, of a loop in a child of the process that is
// watched with `--subprocesses`, which meanwhile makes more children.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "cli/family.h"
#include "gtest/gtest.h"
#include "live/blocking_call.h"
#include "live/waiting_loop.h"
#include "support/child.h"
#include "support/shared.h"

namespace hubspy {
namespace {

void MakeAChild() {
  const pid_t pid = fork();
  if (pid == 0) _exit(0);
  waitpid(pid, nullptr, 0);
}

// Says the loop's process id, and ends when the loop has ended, as it did.
Child ForkParentOfLoop(const BlockingCall& call, int64_t timeout_ns,
                       const Shared<LoopCounts>& counts) {
  return Child::Fork([&](ChildPipes& parent) {
    Child loop = ForkWaitingLoop(call, timeout_ns, counts);
    parent.WriteLine(absl::StrCat(loop.pid()));
    while (!counts->end) MakeAChild();
    return loop.Wait();
  });
}

class WatchedFamily : public OnBlockingCall {
 protected:
  void ExpectUndisturbed(CaptureWays ways, int64_t timeout_ns) {
    const Shared<LoopCounts> counts;
    Child parent = ForkParentOfLoop(GetParam(), timeout_ns, counts);
    const ThreadId loop = std::stoi(parent.ReadLine());
    auto family = Family::Open(
        parent.pid(),
        {.open = {.ways = ways, .rate_hz = kLooksHz}, .children = true});
    ASSERT_TRUE(family.ok()) << family.status();
    for (int looks = 0; looks < kLooks;) {
      const auto threads = (*family)->Look();
      ASSERT_TRUE(threads.ok()) << threads.status();
      looks +=
          std::any_of(threads->begin(), threads->end(),
                      [&](const ThreadLook& look) { return look.tid == loop; });
    }
    EndWaitingLoop(parent, counts);
  }
};

class WatchedTimeoutsOfAChild : public WatchedFamily {};

TEST_P(WatchedTimeoutsOfAChild, AreNeitherCutShortNorInterrupted) {
  ExpectUndisturbed(CaptureWays::kAny, 50'000);
}

TEST_P(WatchedTimeoutsOfAChild, NorAreTheyWithoutTheKernelsSamples) {
  ExpectUndisturbed(CaptureWays::kPtrace, 50'000);
}

INSTANTIATE_TEST_SUITE_P(Calls, WatchedTimeoutsOfAChild,
                         testing::ValuesIn(CallsWithTimeout()),
                         [](const auto& call) { return call.param.name; });

class WatchedWaitsOfAChild : public WatchedFamily {};

TEST_P(WatchedWaitsOfAChild, EndOnlyWhenTheyAreWoken) {
  ExpectUndisturbed(CaptureWays::kAny, kUntilWoken);
}

TEST_P(WatchedWaitsOfAChild, AlsoWithoutTheKernelsSamples) {
  ExpectUndisturbed(CaptureWays::kPtrace, kUntilWoken);
}

INSTANTIATE_TEST_SUITE_P(Calls, WatchedWaitsOfAChild,
                         testing::ValuesIn(CallsToBeWoken()),
                         [](const auto& call) { return call.param.name; });

}  // namespace
}  // namespace hubspy
