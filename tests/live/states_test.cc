// What samples say that threads were doing, beside what the kernel says of it.
#include <sched.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/child.h"
#include "support/tool.h"

namespace hubspy {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Samples by thread's name, and by state: "[runnable]".
using States = std::map<std::string, std::map<std::string, int64_t>>;

// Of folded stacks: "thread (7): reader;[sleeping: read];...;read 499".
States StatesIn(absl::string_view folded) {
  States states;
  for (absl::string_view line : absl::StrSplit(folded, '\n')) {
    const std::vector<std::string> frames = absl::StrSplit(line, ';');
    const size_t name = frames[0].find(": ");
    const size_t count = line.rfind(' ');
    int64_t samples = 0;
    if (frames.size() < 3 || name == std::string::npos ||
        !absl::SimpleAtoi(line.substr(count + 1), &samples)) {
      continue;
    }
    states[frames[0].substr(name + 2)][frames[1]] += samples;
  }
  return states;
}

double ShareOf(const std::string& state,
               const std::map<std::string, int64_t>& counts) {
  double all = 0;
  for (const auto& [name, count] : counts) all += static_cast<double>(count);
  const auto found = counts.find(state);
  return found == counts.end() ? 0 : static_cast<double>(found->second) / all;
}

// Nanoseconds that threads called `name` have run, and have waited for a CPU.
struct Schedule {
  double run = 0;
  double wait = 0;
};
Schedule ScheduleOf(pid_t pid, const std::string& name) {
  Schedule sum;
  for (const auto& task : std::filesystem::directory_iterator(
           "/proc/" + std::to_string(pid) + "/task")) {
    std::string comm;
    std::ifstream(task.path() / "comm") >> comm;
    Schedule one;
    std::ifstream(task.path() / "schedstat") >> one.run >> one.wait;
    if (comm != name) continue;
    sum.run += one.run;
    sum.wait += one.wait;
  }
  return sum;
}

ToolRun Record(pid_t pid, const std::string& capture,
               const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {
      "record", "-d",    "2",  "-f",        "raw",   "-o", "-",
      "--by",   "state", "-t", "--capture", capture, "-p", std::to_string(pid)};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return RunHubspy(arguments);
}

// That as many samples of threads called `name` were runnable as the kernel
// counts waits of them.
void ExpectRunnableAsCounted(pid_t pid, const std::string& name,
                             const std::string& capture, double tolerance) {
  const Schedule before = ScheduleOf(pid, name);
  const ToolRun run = Record(pid, capture);
  const Schedule after = ScheduleOf(pid, name);
  ASSERT_EQ(run.exit_status, 0) << run.err;
  const double wait = after.wait - before.wait;
  const double share = wait / (wait + after.run - before.run);
  const double seen = ShareOf("[runnable]", StatesIn(run.out)[name]);
  EXPECT_NEAR(seen, share, tolerance) << run.out << run.err;
}

class StatesTest : public testing::TestWithParam<std::string> {
 protected:
  StatesTest() { EXPECT_EQ(child_.ReadLine(), "ready"); }

  Child child_ = Child::Exec({STATES});
};

TEST_P(StatesTest, EachThreadIsSeenInItsState) {
  const ToolRun run = Record(child_.pid(), GetParam(), {"-i"});
  ASSERT_EQ(run.exit_status, 0) << run.err;
  States states = StatesIn(run.out);
  EXPECT_EQ(ShareOf("[sleeping: read]", states["reader"]), 1) << run.out;
  EXPECT_EQ(ShareOf("[sleeping: clock_nanosleep]", states["sleeper"]), 1)
      << run.out;
  EXPECT_GT(states["runner"]["[running]"], 0) << run.out;
  EXPECT_GT(states["crowd"]["[running]"], 0) << run.out;
  EXPECT_GT(states["crowd"]["[runnable]"], 0) << run.out;
  EXPECT_EQ(states["crowd"].size(), 2) << run.out;
}

// Who sleeps is idle, who waits for a CPU is not.
TEST_P(StatesTest, WhoWaitsForACpuIsNotIdle) {
  const ToolRun run = Record(child_.pid(), GetParam());
  ASSERT_EQ(run.exit_status, 0) << run.err;
  EXPECT_THAT(run.out, Not(HasSubstr("[sleeping")));
  EXPECT_THAT(run.out, HasSubstr("[runnable]"));
}

TEST_P(StatesTest, AsManyLooksWaitAsTheKernelCountsWaits) {
  ExpectRunnableAsCounted(child_.pid(), "crowd", GetParam(), 0.2);
}

class OneCpuTest : public testing::TestWithParam<std::string> {
 protected:
  OneCpuTest() {
    sched_getaffinity(0, sizeof(before_), &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    sched_setaffinity(0, sizeof(one), &one);
  }
  ~OneCpuTest() override { sched_setaffinity(0, sizeof(before_), &before_); }

 private:
  cpu_set_t before_;
};

// hubspy takes the CPU from it whenever it looks. (And where others want that
// CPU, too, when hubspy comes to look hangs together with who had it.)
TEST_P(OneCpuTest, WhomHubspyKeepsFromTheCpuDoesNotWait) {
  Child child = Child::Exec({SPIN});
  ASSERT_EQ(child.ReadLine(), "ready");
  ExpectRunnableAsCounted(child.pid(), "spin", GetParam(), 0.3);
}

INSTANTIATE_TEST_SUITE_P(Capture, StatesTest, testing::Values("any", "ptrace"),
                         [](const auto& way) { return way.param; });
INSTANTIATE_TEST_SUITE_P(Capture, OneCpuTest, testing::Values("any", "ptrace"),
                         [](const auto& way) { return way.param; });

TEST(GreenStates, WhoBlocksTheHubsThreadSaysInWhichCall) {
  Child child = Child::Exec({BLOCKING_READ});
  ASSERT_THAT(child.ReadLine(), HasSubstr("ready"));
  const ToolRun run = RunHubspy({"record", "--green", "-d", "0.5", "-f", "raw",
                                 "-o", "-", "-p", std::to_string(child.pid())});
  ASSERT_EQ(run.exit_status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("[blocking: read];"));
}

}  // namespace
}  // namespace hubspy
