// Loops that wait, watched as closely as we can, in each way: by their own
// count, no wait of theirs ever fails or ends early, and each one ends.
#include <memory>
#include <string>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "live/blocking_call.h"
#include "live/waiting_loop.h"
#include "support/child.h"
#include "support/shared.h"
#include "target/process.h"

namespace hubspy {
namespace {

struct Way {
  CaptureWays ways;
  std::string name;
  friend std::ostream& operator<<(std::ostream& out, const Way& way) {
    return out << way.name;
  }
};

// What may be had of a thread that runs, sleeps, ends, or may not be stopped.
bool IsOrdinary(const absl::Status& status) {
  return status.ok() || absl::IsAborted(status) || absl::IsNotFound(status) ||
         absl::IsFailedPrecondition(status);
}

// Looks at the loop, and now and then at the threads that come and go.
class Watcher {
 public:
  Watcher(int32_t pid, CaptureWays ways) : pid_(pid) {
    auto process = Process::Open(pid, {.ways = ways, .rate_hz = kLooksHz});
    if (!process.ok()) ADD_FAILURE() << process.status();
    process_ = *std::move(process);
  }

  void Look() {
    LookAt(pid_);
    if (++looks_ % 10 != 0) return;
    const auto tids = process_->ThreadIds();
    ASSERT_TRUE(tids.ok()) << tids.status();
    for (const ThreadId tid : *tids) LookAt(tid);
  }

  const Process& process() const { return *process_; }

 private:
  void LookAt(ThreadId tid) {
    const auto snapshot = process_->Capture({.tid = tid});
    EXPECT_TRUE(IsOrdinary(snapshot.status())) << snapshot.status();
  }

  int32_t pid_;
  std::unique_ptr<Process> process_;
  int looks_ = 0;
};

class WatchedLoop
    : public testing::TestWithParam<std::tuple<BlockingCall, Way>> {
 protected:
  void SetUp() override {
    if (!IsAllowed(call())) GTEST_SKIP() << call() << " is forbidden";
  }
  const BlockingCall& call() const { return std::get<0>(GetParam()); }
  CaptureWays ways() const { return std::get<1>(GetParam()).ways; }

  void ExpectUndisturbed(int64_t timeout_ns) {
    const Shared<LoopCounts> counts;
    Child child = ForkWaitingLoop(call(), timeout_ns, counts);
    Watcher watcher(child.pid(), ways());
    for (int i = 0; i < kLooks; ++i) watcher.Look();
    EndWaitingLoop(child, counts);
    if (ways() == CaptureWays::kPerf && !watcher.process().PerfRefusal().ok()) {
      GTEST_SKIP() << watcher.process().PerfRefusal();
    }
  }
};

const auto kWays = testing::Values(
    Way{CaptureWays::kAny, "any"}, Way{CaptureWays::kAsleep, "asleep"},
    Way{CaptureWays::kPerf, "perf"}, Way{CaptureWays::kPtrace, "ptrace"});

std::string NameOf(
    const testing::TestParamInfo<std::tuple<BlockingCall, Way>>& test) {
  const auto& [call, way] = test.param;
  return absl::StrCat(call.name, "_", way.name);
}

class WatchedTimeouts : public WatchedLoop {};

TEST_P(WatchedTimeouts, AreNeitherCutShortNorInterrupted) {
  ExpectUndisturbed(50'000);
}

INSTANTIATE_TEST_SUITE_P(Calls, WatchedTimeouts,
                         testing::Combine(testing::ValuesIn(CallsWithTimeout()),
                                          kWays),
                         &NameOf);

class WatchedWaits : public WatchedLoop {};

TEST_P(WatchedWaits, EndOnlyWhenTheyAreWoken) {
  ExpectUndisturbed(kUntilWoken);
}

INSTANTIATE_TEST_SUITE_P(Calls, WatchedWaits,
                         testing::Combine(testing::ValuesIn(CallsToBeWoken()),
                                          kWays),
                         &NameOf);

// Were a wait begun anew by each look, it would never end: there are hundreds
// of looks to each of these.
class WatchedLongTimeout : public OnBlockingCall {};

TEST_P(WatchedLongTimeout, EndsWhileItIsWatched) {
  const Shared<LoopCounts> counts;
  Child child = ForkWaitingLoop(GetParam(), 200'000'000, counts);
  Watcher watcher(child.pid(), CaptureWays::kPtrace);
  while (counts->turns < 2) watcher.Look();
  EndWaitingLoop(child, counts);
}

INSTANTIATE_TEST_SUITE_P(Calls, WatchedLongTimeout,
                         testing::ValuesIn(CallsWithTimeout()),
                         [](const auto& call) { return call.param.name; });

}  // namespace
}  // namespace hubspy
