// What a loop that waits does, as strace sees it: the same, call for call,
// whether hubspy watches it or nobody does.
#include <sched.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "support/child.h"
#include "support/tool.h"

namespace hubspy {
namespace {

constexpr int kTurns = 100;

// Waits for a line, and then turns so many times.
Child ForkIdleLoop() {
  Child child = Child::Fork([](ChildPipes& parent) {
    const int epoll = epoll_create1(0);
    parent.WriteLine("ready");
    parent.ReadLine();
    for (int turn = 0; turn < kTurns; ++turn) {
      epoll_event event;
      epoll_pwait(epoll, &event, 1, 5, nullptr);
    }
    return 0;
  });
  child.ReadLine();
  return child;
}

// From the loop's first wait to its end.
std::vector<std::string> LoopOf(const std::string& trace) {
  std::ifstream file(trace);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (!lines.empty() || absl::StartsWith(line, "epoll_pwait")) {
      lines.push_back(line);
    }
  }
  return lines;
}

// Watched in this way; nullopt: by nobody.
std::vector<std::string> TraceLoop(const std::string& folder,
                                   const std::optional<std::string>& way) {
  Child loop = ForkIdleLoop();
  const std::string pid = std::to_string(loop.pid());
  std::optional<Child> hubspy;
  if (way) {
    hubspy.emplace(StartHubspy({"record", "-p", pid, "-r", "1000", "--capture",
                                *way, "-f", "raw", "-o", folder + "/stacks"}));
    EXPECT_TRUE(absl::StartsWith(hubspy->ReadLine(), "Sampling"));
  }
  const std::string trace = folder + "/trace";
  Child strace = Child::Exec({"strace", "-q", "-o", trace, "-p", pid});
  while (ProcStatus(loop.pid(), "TracerPid") == "0") sched_yield();
  loop.WriteLine("go");
  EXPECT_EQ(loop.Wait(), 0);
  EXPECT_EQ(strace.Wait(), 0);
  if (hubspy) {
    EXPECT_EQ(hubspy->Wait(), 0);
  }
  return LoopOf(trace);
}

class TracedLoop : public testing::TestWithParam<std::string> {};

TEST_P(TracedLoop, MakesTheSameCallsAsWhenNobodyWatches) {
  if (Child::Exec({"sh", "-c", "command -v strace"}).Wait() != 0) {
    GTEST_SKIP() << "there is no strace here";
  }
  std::string folder = testing::TempDir() + "strace_XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::vector<std::string> alone = TraceLoop(folder, std::nullopt);
  const std::vector<std::string> watched = TraceLoop(folder, GetParam());
  std::filesystem::remove_all(folder);
  EXPECT_EQ(watched, alone);
  const auto timed_out = [](const std::string& line) {
    return absl::StrContains(line, "[], 1, 5, NULL, 8)") &&
           absl::EndsWith(line, "= 0");
  };
  EXPECT_EQ(std::count_if(alone.begin(), alone.end(), timed_out), kTurns);
}

INSTANTIATE_TEST_SUITE_P(Ways, TracedLoop,
                         testing::Values("any", "asleep", "perf", "ptrace"),
                         [](const auto& way) { return way.param; });

}  // namespace
}  // namespace hubspy
