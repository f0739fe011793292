// What `record` and `top` say about how they sampled: a line, once.
#include <sys/syscall.h>

#include <cerrno>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/child.h"
#include "support/forbid_system_call.h"
#include "support/tool.h"

namespace hubspy {
namespace {

using ::testing::HasSubstr;

size_t LinesWith(const std::string& text, const std::string& what) {
  size_t count = 0;
  for (const auto& line : absl::StrSplit(text, '\n')) {
    if (absl::StrContains(line, what)) ++count;
  }
  return count;
}

// What the tool says on standard error where the kernel's sampling is
// forbidden.
std::string ErrorsWithoutPerf(const std::vector<std::string>& arguments) {
  Child forbidden = Child::Fork([&](ChildPipes& parent) {
    ForbidSystemCall(SYS_perf_event_open, EPERM);
    parent.WriteLine(RunHubspy(arguments).err);
    return 0;
  });
  return forbidden.ReadToEnd();
}

TEST(SamplingNotes, SayOnceThatPerfIsRefused) {
  Child child = Child::Exec({SPIN});
  ASSERT_EQ(child.ReadLine(), "ready");
  const std::string pid = std::to_string(child.pid());
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"top", "-p", pid, "-n", "2", "--delay", "0.2"},
        std::vector<std::string>{"record", "-p", pid, "-d", "0.2", "-f", "raw",
                                 "-o", "-"}}) {
    const std::string errors = ErrorsWithoutPerf(arguments);
    EXPECT_EQ(LinesWith(errors,
                        "were stopped for each sample: no the kernel's "
                        "sampling (perf_event_open"),
              1u)
        << errors;
  }
}

TEST(SamplingNotes, AdviseOnceToLookAtIdleThreads) {
  Child child = Child::Exec({LOST});
  ASSERT_EQ(child.ReadLine(), "ready");
  AwaitSystemCall(child.pid(), kPause);
  for (const std::string format : {"flat", "raw"}) {
    const ToolRun run = RunHubspy({"record", "-p", std::to_string(child.pid()),
                                   "-d", "0.1", "-f", format, "-o", "-"});
    EXPECT_EQ(LinesWith(run.out + run.err, " -i to see where"), 1u)
        << run.out << run.err;
  }
}

// A walk of 100,000 frames takes more than a millisecond on any machine.
TEST(SamplingNotes, SayWhenTheRateIsLowered) {
  Child child = Child::Exec({DEEP, "100000", "spin"});
  ASSERT_EQ(child.ReadLine(), "ready");
  const ToolRun run =
      RunHubspy({"record", "-p", std::to_string(child.pid()), "-r", "20000",
                 "-d", "3", "-f", "raw", "-o", "-"});
  EXPECT_THAT(run.err,
              HasSubstr("Sampling 10000 times a second instead of 20000: "));
  EXPECT_EQ(LinesWith(run.err,
                      "times a second instead of 10000: one look at "
                      "this process takes "),
            1u)
      << run.err;
}

}  // namespace
}  // namespace hubspy
