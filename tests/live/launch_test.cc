// Programs that hubspy starts.
#include <signal.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/child.h"
#include "support/tool.h"
#include "target/launched_program.h"
#include "target/process.h"

namespace hubspy {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

std::string ReadAll(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

std::string OutputFile(const std::string& name) {
  return testing::TempDir() + name;
}

TEST(LaunchedProgram, IsHeldBeforeItsFirstInstruction) {
  auto program = LaunchedProgram::Start({"sh", "-c", "exit 3"}, {});
  ASSERT_TRUE(program.ok()) << program.status();
  const std::string proc = "/proc/" + std::to_string((*program)->pid());
  // The linker has linked nothing yet.
  EXPECT_THAT(ReadAll(proc + "/maps"), Not(HasSubstr("libc.so")));
  EXPECT_THAT(ReadAll(proc + "/cmdline"), HasSubstr("exit 3"));
  // It can be looked at as it is.
  const auto process = Process::Open((*program)->pid());
  ASSERT_TRUE(process.ok()) << process.status();
  const auto snapshot = (*process)->Capture({.tid = (*program)->pid()});
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ((*snapshot)->method, CaptureMethod::kAsleep);
  EXPECT_EQ((*program)->AwaitEnd(), 3);
}

TEST(LaunchedProgram, SaysWhichSignalEndedItAsAShellDoes) {
  auto program = LaunchedProgram::Start({"sh", "-c", "kill -TERM $$"}, {});
  ASSERT_TRUE(program.ok()) << program.status();
  EXPECT_EQ((*program)->AwaitEnd(), 128 + SIGTERM);
}

TEST(LaunchedProgram, GoesOnThroughLaterExecsAndSignals) {
  auto program = LaunchedProgram::Start(
      {"sh", "-c", "trap : USR1; kill -USR1 $$; exec sh -c 'exit 5'"}, {});
  ASSERT_TRUE(program.ok()) << program.status();
  (*program)->Release();
  EXPECT_EQ((*program)->AwaitEnd(), 5);
}

TEST(LaunchedProgram, ThatCannotBeRunSaysWhy) {
  const auto missing = LaunchedProgram::Start({"no-such-program"}, {});
  EXPECT_TRUE(absl::IsNotFound(missing.status())) << missing.status();
  EXPECT_THAT(missing.status().message(),
              HasSubstr("cannot run no-such-program: No such file"));
  const auto text = LaunchedProgram::Start({"/etc/passwd"}, {});
  EXPECT_TRUE(absl::IsPermissionDenied(text.status())) << text.status();
}

TEST(Record, PassesTheProgramsExitStatusOn) {
  const std::string file = OutputFile("launched.folded");
  const ToolRun run =
      RunHubspy({"record", "-o", file, "--", "sh", "-c", "exit 7"});
  EXPECT_EQ(run.exit_status, 7) << run.err;
  EXPECT_THAT(run.err, HasSubstr("written to " + file));
}

TEST(Record, KeepsOutOfTheProgramsOutput) {
  const ToolRun run = RunHubspy({"record", "-o", OutputFile("quiet.folded"),
                                 "--", "echo", "from the program"});
  EXPECT_EQ(run.exit_status, 0) << run.err;
  EXPECT_EQ(run.out, "from the program\n");
}

// As a service manager ends a service.
TEST(Record, PassesSigtermOnAndWritesWhatItHas) {
  const std::string file = OutputFile("terminated.folded");
  Child hubspy =
      StartHubspy({"record", "-i", "-o", file, "--", "sleep", "3600"});
  ASSERT_THAT(hubspy.ReadLine(), ContainsRegex("Sampling process .* until it"));
  kill(hubspy.pid(), SIGTERM);
  EXPECT_THAT(hubspy.ReadToEnd(), HasSubstr("written to"));
  EXPECT_EQ(hubspy.Wait(), 128 + SIGTERM);
}

TEST(Record, SaysThatItWaitsForTheProgram) {
  Child hubspy =
      StartHubspy({"record", "-i", "-d", "0.1", "-o",
                   OutputFile("waiting.folded"), "--", "sleep", "3600"});
  ASSERT_THAT(hubspy.ReadLine(), HasSubstr("Sampling process"));
  EXPECT_THAT(hubspy.ReadLine(), HasSubstr("written to"));
  int pid = 0;
  const std::string waiting = hubspy.ReadLine();
  ASSERT_EQ(sscanf(waiting.c_str(), "Waiting for process %d to end", &pid), 1)
      << waiting;
  ASSERT_EQ(kill(pid, SIGKILL), 0);
  EXPECT_EQ(hubspy.Wait(), 128 + SIGKILL);
}

TEST(Record, OfAProgramThatCannotBeRunSaysSoInOneLine) {
  const ToolRun run = RunHubspy(
      {"record", "-o", OutputFile("none.folded"), "--", "no-such-program"});
  EXPECT_EQ(run.exit_status, 1);
  EXPECT_EQ(run.err,
            "hubspy: cannot run no-such-program: No such file or directory\n");
}

TEST(Top, PrintsATableOfAProgramThatItStarts) {
  const ToolRun run =
      RunHubspy({"top", "-i", "-n", "1", "--", "sh", "-c", "sleep 2; exit 4"});
  EXPECT_THAT(run.out, HasSubstr("%Own"));
  EXPECT_EQ(run.exit_status, 4) << run.err;
}

TEST(Diagnose, OfAProgramThatItStarts) {
  const ToolRun run =
      RunHubspy({"diagnose", "-d", "0.5", "--", INVERTED_CLOCK});
  EXPECT_EQ(run.exit_status, 10) << run.err;
  EXPECT_THAT(run.out, HasSubstr("clock_rate"));
  int pid = 0;
  ASSERT_EQ(sscanf(run.err.c_str(), "Process %d goes on", &pid), 1) << run.err;
  EXPECT_EQ(kill(pid, SIGKILL), 0);
}

}  // namespace
}  // namespace hubspy
