// The whole tool on a core: of a process that gdb dumped, and of one that the
// kernel did.
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "support/child.h"
#include "support/tool.h"

namespace hubspy {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// A folder that is gone with the test.
class Folder {
 public:
  Folder()
      : path_(fs::path(::testing::TempDir()) /
              ("hubspy_core_" + std::to_string(getpid()))) {
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }

  std::string File(const std::string& name) const { return path_ / name; }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string Gdb(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"gdb", "-nx", "-batch"});
  Child gdb = Child::Exec(arguments, {"DEBUGINFOD_URLS="});
  return gdb.ReadToEnd();
}

std::string DumpByGdb(const Child& child, const std::string& core) {
  Gdb({"-p", std::to_string(child.pid()), "-ex", "generate-core-file " + core});
  return core;
}

// All of the program's threads are where it says that they wait.
pid_t AwaitWaiting(Child& child) {
  const std::string line = child.ReadLine();
  EXPECT_THAT(line, StartsWith("ready "));
  const pid_t second = std::stoi(line.substr(line.find(' ')));
  AwaitSystemCall(second, SYS_read);
  AwaitSystemCall(child.pid(), {kEpollWait, SYS_epoll_pwait2});
  return second;
}

// glibc has several names for one function, and gdb may pick another than we.
std::string WithoutAlias(std::string name) {
  for (const char* prefix : {"__GI_", "__libc_", "__"}) {
    if (name.rfind(prefix, 0) == 0) name = name.substr(strlen(prefix));
  }
  // Of a lambda's operators, gdb and we show more or less of the scope and of
  // the arguments, by compiler.
  for (const char* lambda : {"operator()", "_FUN", "::__invoke"}) {
    if (absl::StrContains(name, lambda)) return lambda;
  }
  return name;
}

using Stacks = std::map<pid_t, std::vector<std::string>>;

// By gdb: the functions of every thread of a core, innermost first.
Stacks GdbStacks(const std::string& program, const std::string& core) {
  Stacks stacks;
  std::istringstream lines(
      Gdb({program, core, "-ex", "set print frame-arguments none", "-ex",
           "set width 0", "-ex", "thread apply all bt"}));
  std::string line;
  std::vector<std::string>* stack = nullptr;
  while (std::getline(lines, line)) {
    const size_t lwp = line.find("(LWP ");
    if (line.rfind("Thread ", 0) == 0 && lwp != std::string::npos) {
      stack = &stacks[std::stoi(line.substr(lwp + 5))];
    }
    if (stack == nullptr || line.empty() || line[0] != '#') continue;
    size_t begin = line.find_first_not_of(' ', line.find(' '));
    if (line.compare(begin, 2, "0x") == 0) begin = line.find(" in ") + 4;
    stack->push_back(
        WithoutAlias(line.substr(begin, line.find(" (", begin) - begin)));
  }
  return stacks;
}

std::vector<std::string> Functions(const json& frames) {
  std::vector<std::string> functions;
  for (const json& frame : frames) {
    functions.push_back(WithoutAlias(frame["function"]));
  }
  return functions;
}

// As gdb has them: what only lies somewhere in a module is "??".
std::vector<std::string> FunctionsAsGdbs(const json& frames) {
  std::vector<std::string> functions = Functions(frames);
  for (std::string& function : functions) {
    if (absl::StrContains(function, "+0x")) function = "??";
  }
  return functions;
}

json DumpJson(const std::string& core) {
  const ToolRun run = RunHubspy({"dump", "--core", core, "--json", "--all"});
  EXPECT_EQ(run.exit_status, 0) << run.err;
  return json::parse(run.out);
}

TEST(CoreDump, EveryThreadsStackIsGdbs) {
  const Folder folder;
  Child child = Child::Exec({WAITING});
  const pid_t second = AwaitWaiting(child);
  const std::string core = DumpByGdb(child, folder.File("core"));
  const json dump = DumpJson(core);
  EXPECT_EQ(dump["schema"], "hubspy.dump/1");
  EXPECT_EQ(dump["pid"], child.pid());
  EXPECT_EQ(dump["core"], core);
  EXPECT_THAT(dump.value("gaps", json::array()).dump(),
              Not(HasSubstr("code of")));
  Stacks gdbs = GdbStacks(WAITING, core);
  ASSERT_EQ(gdbs.size(), 2u);
  ASSERT_EQ(dump["threads"].size(), 2u);
  for (const json& thread : dump["threads"]) {
    const pid_t tid = thread["tid"];
    EXPECT_EQ(thread["state"], "sleeping");
    EXPECT_FALSE(thread.contains("cut_short")) << thread;
    std::vector<std::string> ours = FunctionsAsGdbs(thread["frames"]);
    const std::vector<std::string>& theirs = gdbs[tid];
    ASSERT_GE(theirs.size(), 4u);
    // gdb ends at main; behind it we show what the C library put before it.
    ASSERT_GE(ours.size(), theirs.size());
    ours.resize(theirs.size());
    EXPECT_EQ(ours, theirs);
    EXPECT_THAT(theirs, Contains(tid == second ? "ReadForever" : "main"));
  }
}

std::map<std::string, json> GreenByName(const json& dump) {
  std::map<std::string, json> by_name;
  for (const json& green : dump["green_threads"]) {
    by_name[green.value("name", "")] = green;
  }
  return by_name;
}

TEST(CoreDump, ShowsEveryGreenThread) {
  const Folder folder;
  Child child = Child::Exec({WAITING});
  AwaitWaiting(child);
  const json dump = DumpJson(DumpByGdb(child, folder.File("core")));
  std::map<std::string, json> greens = GreenByName(dump);
  EXPECT_EQ(greens["reader"]["waiting_for"], "fd");
  EXPECT_EQ(greens["sleeper"]["waiting_for"], "timer");
  EXPECT_EQ(greens["sleeper"]["hub_tid"], child.pid());
  // gdb leaves zeros for a mapping with guard pages in it, of which kernels
  // before 6.13 make mappings of their own.
  if (greens["reader"]["frames"].empty()) {
    EXPECT_THAT(dump["gaps"].dump(), HasSubstr("green threads are zeros"));
  } else {
    EXPECT_THAT(Functions(greens["reader"]["frames"]), Contains("ReaderMain"));
  }
}

TEST(CoreDump, SaysWhoseCodeItDoesNotHave) {
  const Folder folder;
  const std::string program = folder.File("program");
  fs::copy_file(WAITING, program);
  Child child = Child::Exec({program});
  const pid_t second = AwaitWaiting(child);
  const std::string core = DumpByGdb(child, folder.File("core"));
  for (const char* replacement : {"", SPIN}) {
    fs::remove(program);
    if (*replacement != 0) fs::copy_file(replacement, program);
    const json dump = DumpJson(core);
    EXPECT_THAT(
        dump["gaps"].dump(),
        AllOf(HasSubstr("code of " + program),
              HasSubstr(*replacement == 0 ? "no such file" : "another build")));
    for (const json& thread : dump["threads"]) {
      if (thread["tid"] != second) continue;
      EXPECT_THAT(Functions(thread["frames"]),
                  Contains(ContainsRegex("^program\\+0x")));
    }
  }
}

TEST(CoreDump, ACutOffCoreShowsWhatIsLeft) {
  const Folder folder;
  Child child = Child::Exec({WAITING});
  AwaitWaiting(child);
  const std::string core = DumpByGdb(child, folder.File("core"));
  // gdb writes the notes last: without the end there is no thread in it.
  const uintmax_t size = fs::file_size(core);
  fs::resize_file(core, size / 2);
  const ToolRun run = RunHubspy({"dump", "--core", core});
  EXPECT_EQ(run.exit_status, 1) << run.out;
  EXPECT_THAT(run.err, HasSubstr("no thread in it"));
}

TEST(CoreDiagnose, FindsTheSeedsClock) {
  const Folder folder;
  Child seed = Child::Exec({INVERTED_CLOCK});
  ASSERT_EQ(seed.ReadLine(), "foo");
  ASSERT_EQ(seed.ReadLine(), "bar");
  // This watches until the hub has read its clock at two instants.
  ASSERT_EQ(
      RunHubspy({"diagnose", "-p", std::to_string(seed.pid())}).exit_status,
      10);
  const std::string core = DumpByGdb(seed, folder.File("core"));
  const ToolRun run = RunHubspy({"diagnose", "--core", core, "--json"});
  EXPECT_EQ(run.exit_status, 10) << run.err;
  const json diagnosis = json::parse(run.out);
  EXPECT_EQ(diagnosis["pid"], seed.pid());
  ASSERT_EQ(diagnosis["hubs"].size(), 1u);
  const json& hub = diagnosis["hubs"][0];
  EXPECT_EQ(hub["verdict"], "clock_rate");
  EXPECT_EQ(hub["evidence"]["cause"], "inverted");
  EXPECT_EQ(hub["evidence"]["one_instant"], true);
  EXPECT_NEAR(1 / hub["evidence"]["rate"].get<double>(), 1736.1, 2);
}

TEST(CoreDiagnose, SaysWhatOneInstantLeavesOpen) {
  const Folder folder;
  Child child = Child::Exec({WAITING});
  AwaitWaiting(child);
  const std::string core = DumpByGdb(child, folder.File("core"));
  const ToolRun run = RunHubspy({"diagnose", "--core", core});
  EXPECT_EQ(run.exit_status, 0) << run.out << run.err;
  EXPECT_THAT(run.out,
              AllOf(HasSubstr("one instant"), HasSubstr("takes two looks")));
}

// A core that the kernel writes of the fixture as it ends by `order`; empty
// where this machine sends cores elsewhere.
std::string DumpByKernel(const Folder& folder, const std::string& order,
                         int signal) {
  std::string pattern;
  std::getline(std::ifstream("/proc/sys/kernel/core_pattern") >> std::ws,
               pattern);
  if (pattern.empty() || pattern.find_first_of("|/@") != std::string::npos) {
    return "";
  }
  Child child = Child::Exec({"/bin/sh", "-c",
                             "ulimit -c unlimited && cd \"$0\" && exec \"$1\"",
                             folder.path(), WAITING});
  AwaitWaiting(child);
  child.WriteLine(order);
  EXPECT_EQ(child.Wait(), -signal);
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    return entry.path();
  }
  return "";
}

void ExpectTaken(const json& dump, const std::string& signal,
                 const std::string& function) {
  int taken = 0;
  for (const json& thread : dump["threads"]) {
    if (!thread.contains("signal")) continue;
    ++taken;
    EXPECT_EQ(thread["signal"], signal);
    EXPECT_EQ(thread["state"], "running");
    EXPECT_EQ(thread["tid"], dump["pid"]);
    EXPECT_THAT(Functions(thread["frames"]),
                AllOf(Contains(function), Contains("ReaderMain"),
                      Contains("green::Hub::Run"), Contains("main")));
  }
  EXPECT_EQ(taken, 1) << dump;
}

TEST(KernelCore, TheThreadThatFaultedSaysSo) {
  const Folder folder;
  const std::string core = DumpByKernel(folder, "fault", SIGSEGV);
  if (core.empty()) GTEST_SKIP() << "the kernel writes no core file here";
  const json dump = DumpJson(core);
  ExpectTaken(dump, "SIGSEGV", "Fault");
  EXPECT_THAT(RunHubspy({"dump", "--core", core}).out,
              HasSubstr("(running, took SIGSEGV at 0x0): \"waiting\""));
  EXPECT_THAT(Functions(GreenByName(dump)["sleeper"]["frames"]),
              Contains(HasSubstr("green::Sleep")));
  Stacks gdbs = GdbStacks(WAITING, core);
  for (const json& thread : dump["threads"]) {
    // gdb knows nothing of what lies below a green thread.
    std::vector<std::string> ours = FunctionsAsGdbs(thread["frames"]);
    const std::vector<std::string>& theirs = gdbs[thread["tid"]];
    ASSERT_GE(theirs.size(), 3u);
    ASSERT_GE(ours.size(), theirs.size());
    ours.resize(theirs.size());
    EXPECT_EQ(ours, theirs);
  }
}

TEST(KernelCore, TheThreadThatAbortedSaysSo) {
  const Folder folder;
  const std::string core = DumpByKernel(folder, "abort", SIGABRT);
  if (core.empty()) GTEST_SKIP() << "the kernel writes no core file here";
  ExpectTaken(DumpJson(core), "SIGABRT", "abort");
}

TEST(KernelCore, WithoutItsLaterHalfItShowsWhatIsLeft) {
  const Folder folder;
  const std::string core = DumpByKernel(folder, "fault", SIGSEGV);
  if (core.empty()) GTEST_SKIP() << "the kernel writes no core file here";
  // The kernel writes the notes first.
  fs::resize_file(core, fs::file_size(core) / 2);
  const json dump = DumpJson(core);
  EXPECT_THAT(dump["gaps"].dump(), HasSubstr("cut off"));
  EXPECT_EQ(dump["threads"].size(), 2u);
}

}  // namespace
}  // namespace hubspy
