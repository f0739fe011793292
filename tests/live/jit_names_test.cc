// Code made at run time, which only its JIT compiler can name.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/child.h"
#include "support/tool.h"

namespace hubspy {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

class JitNames : public testing::Test {
 protected:
  JitNames() {
    PreferOnCpu(jit_.pid());
    EXPECT_EQ(jit_.ReadLine(), "ready");
  }
  ~JitNames() override { unlink(map_.c_str()); }

  ToolRun Record() {
    return RunHubspy(
        {"record", "-p", pid_, "-o", "-", "-f", "raw", "-d", "0.3"});
  }

  Child jit_ = Child::Exec({JIT_LOOP});
  const std::string pid_ = std::to_string(jit_.pid());
  const std::string map_ = absl::StrCat("/tmp/perf-", pid_, ".map");
};

TEST_F(JitNames, ARecordingNamesCodeOnTopOfWhoCalledIt) {
  const ToolRun run = Record();
  EXPECT_EQ(run.exit_status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("main (jit_loop"));
  EXPECT_THAT(run.out,
              HasSubstr(absl::StrCat(";jitted loop (perf-", pid_, ".map) ")));
  EXPECT_THAT(run.out, Not(HasSubstr("earlier time")));
  EXPECT_THAT(run.err, Not(HasSubstr("made at run time")));
}

TEST_F(JitNames, SoDoDumpAndTop) {
  const ToolRun dump = RunHubspy({"dump", "-p", pid_});
  EXPECT_THAT(dump.out, HasSubstr("jitted loop (perf-")) << dump.err;
  const ToolRun top =
      RunHubspy({"top", "-p", pid_, "-n", "1", "--delay", "0.3"});
  EXPECT_THAT(top.out, HasSubstr("jitted loop (perf-")) << top.err;
}

TEST_F(JitNames, AreKnownOfAProcessThatIsGoneByThen) {
  const std::string file = testing::TempDir() + "jit_gone.folded";
  Child hubspy = StartHubspy({"record", "-p", pid_, "-o", file});
  ASSERT_THAT(hubspy.ReadLine(), HasSubstr("Sampling process"));
  AwaitSleeps(hubspy.pid(), 50);
  jit_.Signal(SIGKILL);
  EXPECT_THAT(hubspy.ReadToEnd(), HasSubstr("exited"));
  EXPECT_THAT(FileText(file), HasSubstr("jitted loop (perf-"));
}

TEST_F(JitNames, AnotherUsersFileIsIgnoredWithALine) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_EQ(chown(map_.c_str(), 65534, 65534), 0);
  const ToolRun run = Record();
  EXPECT_EQ(run.exit_status, 0) << run.err;
  EXPECT_THAT(run.out, Not(HasSubstr("jitted loop")));
  EXPECT_THAT(run.err, HasSubstr("is ignored: it belongs to user 65534"));
}

std::string Advice(const std::string& pid) {
  return absl::StrCat("% of the stacks of process ", pid,
                      " hold code made at run time, which has no name");
}

TEST_F(JitNames, WithoutAFileALineTellsHowToGetOne) {
  unlink(map_.c_str());
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"record", "-p", pid_, "-o", "-", "-f", "raw",
                                 "-d", "0.3"},
        std::vector<std::string>{"top", "-p", pid_, "-n", "2", "--delay",
                                 "0.2"},
        std::vector<std::string>{"dump", "-p", pid_}}) {
    const ToolRun run = RunHubspy(arguments);
    EXPECT_EQ(run.exit_status, 0) << run.err;
    EXPECT_THAT(run.out, Not(HasSubstr("jitted loop")));
    EXPECT_THAT(absl::StrSplit(run.err, '\n'),
                testing::Contains(HasSubstr("100" + Advice(pid_))).Times(1))
        << run.err;
    EXPECT_THAT(run.err, HasSubstr("--perf-basic-prof"));
  }
}

TEST(JitNamesOfChildren, ALineTellsOfEachThatHasNoFile) {
  Child parent = Child::Exec(
      {"sh", "-c", absl::StrCat(JIT_LOOP, " & ", JIT_LOOP, " & wait")});
  ASSERT_EQ(parent.ReadLine(), "ready");
  ASSERT_EQ(parent.ReadLine(), "ready");
  const std::string pid = std::to_string(parent.pid());
  std::string first, second;
  std::ifstream(absl::StrCat("/proc/", pid, "/task/", pid, "/children")) >>
      first >> second;
  for (const std::string& child : {first, second}) {
    unlink(absl::StrCat("/tmp/perf-", child, ".map").c_str());
  }
  const ToolRun run = RunHubspy(
      {"record", "-s", "-p", pid, "-o", "-", "-f", "raw", "-d", "0.5"});
  kill(std::stoi(first), SIGKILL);
  kill(std::stoi(second), SIGKILL);
  EXPECT_THAT(run.err, HasSubstr(Advice(first)));
  EXPECT_THAT(run.err, HasSubstr(Advice(second)));
  EXPECT_THAT(run.err, Not(HasSubstr(Advice(pid))));
}

// The first child of a process.
std::string ChildOf(const std::string& pid) {
  std::string child;
  std::ifstream(absl::StrCat("/proc/", pid, "/task/", pid, "/children")) >>
      child;
  return child;
}

TEST(JitNamesInAContainer, ItsOwnTmpAndItsOwnIdAreMeant) {
  Child outer = Child::Exec(
      {"unshare", "--pid", "--mount", "--fork", "--kill-child", "sh", "-c",
       absl::StrCat("mount -t tmpfs none /tmp && exec ", JIT_LOOP)});
  if (outer.ReadLine() != "ready") {
    GTEST_SKIP() << "no namespaces to be had here";
  }
  const std::string pid = ChildOf(std::to_string(outer.pid()));
  ASSERT_THAT(pid, MatchesRegex("[0-9]+"));
  EXPECT_NE(access(absl::StrCat("/tmp/perf-", pid, ".map").c_str(), F_OK), 0);
  const ToolRun run = RunHubspy({"dump", "-p", pid});
  EXPECT_THAT(run.out, HasSubstr("jitted loop (perf-1.map)")) << run.err;
}

}  // namespace
}  // namespace hubspy
