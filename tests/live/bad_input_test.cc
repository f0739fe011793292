// Whatever the user or the target does: one line that says what to do, the
// exit status of the design, and a target that goes on.
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/child.h"
#include "support/tool.h"

namespace hubspy {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int kCouldNot = 1;
constexpr int kUsage = 2;

std::string Pid(pid_t pid) { return std::to_string(pid); }

void ExpectOneLine(const ToolRun& run, int exit_status,
                   const std::string& what) {
  EXPECT_EQ(run.exit_status, exit_status) << run.err;
  EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
  EXPECT_THAT(run.err, AllOf(StartsWith("hubspy: "), HasSubstr(what)));
}

Child StartSpin() {
  Child child = Child::Exec({SPIN});
  EXPECT_EQ(child.ReadLine(), "ready");
  return child;
}

void ExpectUntouched(pid_t pid) {
  EXPECT_EQ(ProcStatus(pid, "TracerPid"), "0");
  EXPECT_THAT(ProcStatus(pid, "State"), StartsWith("R"));
}

std::string TemporaryFile(const std::string& name) {
  return ::testing::TempDir() + "hubspy_" + Pid(getpid()) + "_" + name;
}

TEST(BadInput, NoSuchProcess) {
  pid_t gone;
  {
    Child child = Child::Fork([](ChildPipes&) { return 0; });
    gone = child.pid();
    child.Wait();
  }
  for (const char* command : {"top", "dump", "diagnose"}) {
    ExpectOneLine(RunHubspy({command, "-p", Pid(gone)}), kCouldNot, Pid(gone));
  }
  ExpectOneLine(RunHubspy({"record", "-p", Pid(gone), "-o", "x.svg"}),
                kCouldNot, Pid(gone));
}

TEST(BadInput, AZombieHasNothingToShow) {
  Child child = Child::Fork([](ChildPipes&) { return 0; });
  siginfo_t info;
  ASSERT_EQ(waitid(P_PID, child.pid(), &info, WEXITED | WNOWAIT), 0);
  ExpectOneLine(RunHubspy({"dump", "-p", Pid(child.pid())}), kCouldNot,
                "exited");
}

// The kernel's own threads, where this process's namespace shows any.
pid_t FindKernelThread() {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream stat(entry.path() / "stat");
    std::string text((std::istreambuf_iterator<char>(stat)), {});
    std::istringstream fields(text.substr(text.rfind(')') + 2));
    std::string state;
    int64_t parent, group, session, tty, foreground;
    uint64_t flags = 0;
    fields >> state >> parent >> group >> session >> tty >> foreground >> flags;
    if (flags & 0x00200000) return std::stoi(name);  // PF_KTHREAD
  }
  return 0;
}

TEST(BadInput, AKernelThreadHasNoStackOfItsOwn) {
  const pid_t kernel_thread = FindKernelThread();
  if (kernel_thread == 0) GTEST_SKIP() << "a container shows none";
  ExpectOneLine(RunHubspy({"dump", "-p", Pid(kernel_thread)}), kCouldNot,
                "kernel thread");
}

TEST(BadInput, ANeighboursProcessNeedsAPrivilege) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to become someone else";
  Child spin = StartSpin();
  ExpectOneLine(
      RunHubspy({"record", "-p", Pid(spin.pid()), "-o", "-", "-d", "1"},
                {.user = 65534}),
      kCouldNot, "sudo");
  ExpectUntouched(spin.pid());
}

TEST(BadInput, WrongUsage) {
  const std::string self = Pid(getpid());
  ExpectOneLine(RunHubspy({"record", "-p", self, "-o", "x", "-f", "gif"}),
                kUsage, "use -f flamegraph (.svg), html (.html), ");
  ExpectOneLine(RunHubspy({"record", "-p", self, "-o", "x.svg", "-r", "0"}),
                kUsage, "rate");
  ExpectOneLine(RunHubspy({"frobnicate"}), kUsage, "--help");
  ExpectOneLine(RunHubspy({"dump"}), kUsage, "--pid");
  ExpectOneLine(RunHubspy({"record", "-o", "x.svg"}), kUsage, "behind --");
  ExpectOneLine(RunHubspy({"record", "-p", self, "-o", "x.svg", "--", "true"}),
                kUsage, "--pid");
}

TEST(BadInput, AnUnwritableFileIsKnownBeforeRecording) {
  Child spin = StartSpin();
  ExpectOneLine(RunHubspy({"record", "-p", Pid(spin.pid()), "-o",
                           "/no/such/folder/hub.svg"}),
                kCouldNot, "choose another file");
  ExpectUntouched(spin.pid());
}

TEST(BadInput, ADiskThatIsFullIsSaid) {
  Child spin = StartSpin();
  const ToolRun run = RunHubspy({"record", "-p", Pid(spin.pid()), "-o",
                                 "/dev/full", "-f", "flat", "-d", "0.1"});
  EXPECT_EQ(run.exit_status, kCouldNot);
  EXPECT_THAT(run.err, HasSubstr("hubspy: cannot write /dev/full"));
}

// A target that exits while it is recorded.
TEST(BadInput, WhatWasRecordedBeforeTheTargetExitedIsWritten) {
  const std::string file = TemporaryFile("exit.txt");
  Child target = Child::Fork([](ChildPipes& parent) {
    parent.WriteLine("ready");
    parent.ReadLine();
    return 0;
  });
  ASSERT_EQ(target.ReadLine(), "ready");
  Child tool = StartHubspy(
      {"record", "-p", Pid(target.pid()), "-o", file, "-i", "-r", "1000"});
  EXPECT_THAT(tool.ReadLine(), StartsWith("Sampling process"));
  AwaitSleeps(tool.pid(), 5);
  target.WriteLine("go");
  target.Wait();
  const std::string said = tool.ReadToEnd();
  EXPECT_EQ(tool.Wait(), 0) << said;
  EXPECT_THAT(said, HasSubstr("exited after"));
  EXPECT_TRUE(std::filesystem::exists(file));
  std::filesystem::remove(file);
}

class StopSignal : public ::testing::TestWithParam<int> {};

TEST_P(StopSignal, EndsTheRecordingWritesItAndLeavesTheTargetRunning) {
  const std::string file = TemporaryFile("signal.folded");
  Child spin = StartSpin();
  Child tool =
      StartHubspy({"record", "-p", Pid(spin.pid()), "-o", file, "-r", "1000"});
  EXPECT_THAT(tool.ReadLine(), StartsWith("Sampling process"));
  tool.Signal(GetParam());
  const std::string said = tool.ReadToEnd();
  EXPECT_EQ(tool.Wait(), 0) << said;
  EXPECT_THAT(said, HasSubstr("written to"));
  EXPECT_TRUE(std::filesystem::exists(file));
  std::filesystem::remove(file);
  ExpectUntouched(spin.pid());
}

INSTANTIATE_TEST_SUITE_P(IntAndTerm, StopSignal,
                         ::testing::Values(SIGINT, SIGTERM));

TEST(BadInput, KillingHubspyLeavesTheTargetRunning) {
  Child spin = StartSpin();
  Child tool = StartHubspy({"record", "-p", Pid(spin.pid()), "-o", "/dev/null",
                            "-f", "raw", "-r", "10000"});
  EXPECT_THAT(tool.ReadLine(), StartsWith("Sampling process"));
  AwaitSleeps(tool.pid(), 100);
  tool.Signal(SIGKILL);
  EXPECT_EQ(tool.Wait(), -SIGKILL);
  ExpectUntouched(spin.pid());
}

// Another tracer holds the target; it does not stop it.
Child StartTracerOf(pid_t target) {
  Child tracer = Child::Fork([target](ChildPipes& parent) {
    if (ptrace(PTRACE_SEIZE, target, nullptr, nullptr) != 0) return 1;
    parent.WriteLine("tracing");
    parent.ReadLine();
    return 0;
  });
  EXPECT_EQ(tracer.ReadLine(), "tracing");
  return tracer;
}

TEST(BadInput, ARunningThreadThatIsTracedByAnotherIsNamed) {
  Child spin = StartSpin();
  Child tracer = StartTracerOf(spin.pid());
  const ToolRun record = RunHubspy({"record", "-p", Pid(spin.pid()), "-o", "-",
                                    "-d", "0.2", "--capture", "ptrace"});
  EXPECT_EQ(record.exit_status, kCouldNot);
  EXPECT_THAT(record.err, AllOf(HasSubstr("\nhubspy: thread "),
                                HasSubstr(Pid(tracer.pid()))));
  const ToolRun dump = RunHubspy({"dump", "-p", Pid(spin.pid())});
  EXPECT_EQ(dump.exit_status, 0);
  EXPECT_THAT(dump.out, HasSubstr("traces it"));
}

TEST(BadInput, ASleepingThreadThatIsTracedByAnotherIsStillRead) {
  Child idle = Child::Exec({IDLE_LOOP});
  ASSERT_EQ(idle.ReadLine(), "ready");
  Child tracer = StartTracerOf(idle.pid());
  const ToolRun run = RunHubspy({"record", "-p", Pid(idle.pid()), "-i", "-o",
                                 "-", "-f", "raw", "-d", "0.2"});
  EXPECT_EQ(run.exit_status, 0) << run.err;
  EXPECT_THAT(run.out, ContainsRegex("main.*epoll_p?wait"));
}

TEST(Watching, NeverTurnsALoopThatSleeps) {
  Child idle = Child::Exec({IDLE_LOOP});
  ASSERT_EQ(idle.ReadLine(), "ready");
  const ToolRun run = RunHubspy({"record", "-p", Pid(idle.pid()), "-i", "-o",
                                 "-", "-f", "raw", "-d", "2", "-r", "1000"});
  EXPECT_EQ(run.exit_status, 0) << run.err;
  idle.WriteLine("");
  EXPECT_EQ(idle.ReadLine(), "turns=0 eintr=0");
}

}  // namespace
}  // namespace hubspy
