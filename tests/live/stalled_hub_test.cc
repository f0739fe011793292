// The main job: a green process that has stopped answering, seen from outside.
#include <sys/syscall.h>

#include <cstdint>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "support/child.h"
#include "support/sanitizers.h"
#include "support/tool.h"

namespace hubspy {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Pid(const Child& child) { return std::to_string(child.pid()); }

// Both green threads of the seed have printed, and begun to sleep.
Child StartSeed(const char* program) {
  Child child = Child::Exec({program});
  EXPECT_EQ(child.ReadLine(), "foo");
  EXPECT_EQ(child.ReadLine(), "bar");
  return child;
}

TEST(Diagnose, SaysThatTheSeedsClockIsUpsideDown) {
  Child seed = StartSeed(INVERTED_CLOCK);
  const ToolRun run = RunHubspy({"diagnose", "-p", Pid(seed), "--json"});
  EXPECT_EQ(run.exit_status, 10) << run.err;
  const json diagnosis = json::parse(run.out);
  EXPECT_EQ(diagnosis["schema"], "hubspy.diagnose/1");
  EXPECT_EQ(diagnosis["pid"], seed.pid());
  ASSERT_EQ(diagnosis["hubs"].size(), 1u);
  const json& hub = diagnosis["hubs"][0];
  EXPECT_EQ(hub["tid"], seed.pid());
  EXPECT_EQ(hub["verdict"], "clock_rate");
  EXPECT_THAT(hub["summary"].get<std::string>(),
              AllOf(ContainsRegex("173[5-7] times slow"),
                    HasSubstr("upside down"), HasSubstr("125/3"),
                    HasSubstr("2 timers will in effect never come due"),
                    HasSubstr("(Echo)")));
  EXPECT_THAT(hub["remedy"].get<std::string>(), HasSubstr("numer / denom"));
  const json& evidence = hub["evidence"];
  EXPECT_NEAR(1 / evidence["rate"].get<double>(), 1736.1, 2);
  EXPECT_EQ(evidence["timebase"], "125/3");
  EXPECT_EQ(evidence["cause"], "inverted");
  ASSERT_EQ(evidence["late_timers"].size(), 2u);
  for (const json& timer : evidence["late_timers"]) {
    // Two seconds of its own, of which at most a few have passed.
    EXPECT_GT(timer["due_in_seconds"], 3000);
  }
}

TEST(Diagnose, SaysItInWordsToo) {
  Child seed = StartSeed(INVERTED_CLOCK);
  const ToolRun run = RunHubspy({"diagnose", "-p", Pid(seed)});
  EXPECT_EQ(run.exit_status, 10);
  EXPECT_THAT(run.out,
              AllOf(HasSubstr("clock_rate"), HasSubstr("upside down"),
                    HasSubstr("What to do: Convert ticks to nanoseconds")));
}

TEST(Diagnose, TheHealthySeedIsHealthy) {
  Child seed = StartSeed(HEALTHY_CLOCK);
  const ToolRun run = RunHubspy({"diagnose", "-p", Pid(seed), "--json"});
  EXPECT_EQ(run.exit_status, 0) << run.out << run.err;
  EXPECT_EQ(json::parse(run.out)["hubs"][0]["verdict"], "healthy");
}

TEST(Diagnose, ABusyHubThatYieldsIsHealthy) {
  Child busy = Child::Exec({BUSY_GREEN});
  PreferOnCpu(busy.pid());
  ASSERT_EQ(busy.ReadLine(), "ready");
  const ToolRun run = RunHubspy({"diagnose", "-p", Pid(busy), "--json"});
  EXPECT_EQ(run.exit_status, 0) << run.out << run.err;
}

TEST(Diagnose, AProcessWithoutAHubHasNone) {
  Child spin = Child::Exec({SPIN});
  ASSERT_EQ(spin.ReadLine(), "ready");
  const ToolRun run = RunHubspy({"diagnose", "-p", Pid(spin), "--json"});
  EXPECT_EQ(run.exit_status, 0) << run.err;
  const json diagnosis = json::parse(run.out);
  EXPECT_EQ(diagnosis["hubs"], json::array());
  ASSERT_GE(diagnosis["threads"].size(), 1u);
  EXPECT_EQ(diagnosis["threads"][0]["tid"], spin.pid());
  EXPECT_EQ(diagnosis["threads"][0]["state"], "running");
}

TEST(Diagnose, OfAProcessWithoutAHubTheThreadsAreTold) {
  Child cat = Child::Exec({"/bin/cat"});
  AwaitSystemCall(cat.pid(), SYS_read);
  const ToolRun run = RunHubspy({"diagnose", "-p", Pid(cat)});
  EXPECT_EQ(run.exit_status, 0) << run.err;
  EXPECT_THAT(run.out,
              AllOf(HasSubstr("has no green hub"),
                    HasSubstr("(cat) is sleeping in read(fd 0: pipe, ")));
}

// What is recorded, as folded stacks with their counts.
std::map<std::string, int64_t> Folded(const std::string& text) {
  std::map<std::string, int64_t> stacks;
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) {
    const size_t blank = line.rfind(' ');
    stacks[line.substr(0, blank)] = std::stoll(line.substr(blank + 1));
  }
  return stacks;
}

TEST(Record, ARunningGreenThreadStandsOnTopOfHubRun) {
  Child busy = Child::Exec({BUSY_GREEN});
  ASSERT_EQ(busy.ReadLine(), "ready");
  const ToolRun run = RunHubspy({"record", "-p", Pid(busy), "-o", "-", "-f",
                                 "raw", "-d", "1", "-r", "500"});
  ASSERT_EQ(run.exit_status, 0) << run.err;
  int64_t whole = 0, total = 0;
  for (const auto& [stack, count] : Folded(run.out)) {
    total += count;
    const size_t main = stack.find("main (busy_green.cc");
    const size_t hub = stack.find("green::Hub::Run");
    const size_t green = stack.find("SpinnerMain (busy_green.cc");
    const size_t burn = stack.find("BurnCpu (busy_green.cc");
    if (burn == std::string::npos) continue;
    EXPECT_LT(main, hub) << stack;
    EXPECT_LT(hub, green) << stack;
    EXPECT_LT(green, burn) << stack;
    whole += count;
  }
  // It spends its time nowhere else, apart from a yield every few ms.
  EXPECT_GT(whole, total * 9 / 10) << run.out;
}

TEST(Dump, ShowsEveryGreenThreadWithWhatItWaitsFor) {
  Child seed = StartSeed(INVERTED_CLOCK);
  const ToolRun run = RunHubspy({"dump", "-p", Pid(seed), "--json"});
  ASSERT_EQ(run.exit_status, 0) << run.err;
  const json dump = json::parse(run.out);
  EXPECT_EQ(dump["schema"], "hubspy.dump/1");
  ASSERT_EQ(dump["threads"].size(), 1u);
  EXPECT_EQ(dump["threads"][0]["state"], "sleeping");
  int echoes = 0;
  for (const json& green : dump["green_threads"]) {
    std::vector<std::string> functions;
    for (const json& frame : green["frames"]) {
      functions.push_back(frame["function"]);
    }
    if (green.value("waiting_for", "") != "timer") continue;
    ++echoes;
    EXPECT_EQ(green["state"], "waiting");
    EXPECT_EQ(green["hub_tid"], seed.pid());
    EXPECT_THAT(functions, Contains(HasSubstr("green::Sleep")));
    EXPECT_THAT(functions, Contains("Echo"));
    EXPECT_FALSE(green.contains("cut_short")) << green;
  }
  EXPECT_EQ(echoes, 2) << run.out;
}

// gdb's stack of the same process, as function names without their arguments.
std::vector<std::string> GdbFunctions(pid_t pid) {
  Child gdb = Child::Exec(
      {"gdb", "-nx", "-batch", "-p", std::to_string(pid), "-ex",
       "set print frame-arguments none", "-ex", "set width 0", "-ex", "bt"},
      {"DEBUGINFOD_URLS="});
  std::vector<std::string> functions;
  std::istringstream lines(gdb.ReadToEnd());
  std::string line;
  while (std::getline(lines, line)) {
    if (line.empty() || line[0] != '#') continue;
    size_t begin = line.find_first_not_of(' ', line.find(' '));
    if (line.compare(begin, 2, "0x") == 0) begin = line.find(" in ") + 4;
    functions.push_back(line.substr(begin, line.find(" (", begin) - begin));
  }
  return functions;
}

TEST(Dump, TheHubsStackIsGdbs) {
  if (kAddressSanitizer) GTEST_SKIP() << "asleep in a frame that it aligned";
  Child seed = StartSeed(INVERTED_CLOCK);
  const ToolRun run = RunHubspy({"dump", "-p", Pid(seed), "--json"});
  ASSERT_EQ(run.exit_status, 0) << run.err;
  const json dump = json::parse(run.out);
  std::vector<std::string> ours;
  for (const json& frame : dump["threads"][0]["frames"]) {
    ours.push_back(frame["function"]);
  }
  const std::vector<std::string> gdbs = GdbFunctions(seed.pid());
  ASSERT_GE(gdbs.size(), 4u);
  // gdb ends at main; behind it we show what the C library put before it. The
  // innermost frame is libc's, which each names by another of its aliases.
  ASSERT_GE(ours.size(), gdbs.size()) << run.out;
  ours.resize(gdbs.size());
  EXPECT_EQ(std::vector(ours.begin() + 1, ours.end()),
            std::vector(gdbs.begin() + 1, gdbs.end()));
  EXPECT_EQ(ours.back(), "main");
}

TEST(Top, PrintsPlainTablesAndEnds) {
  if (kAddressSanitizer) GTEST_SKIP() << "asleep in a frame that it aligned";
  Child seed = StartSeed(INVERTED_CLOCK);
  const ToolRun run =
      RunHubspy({"top", "-p", Pid(seed), "-i", "-n", "2", "--delay", "0.2"});
  ASSERT_EQ(run.exit_status, 0) << run.err;
  size_t tables = 0;
  for (size_t at = run.out.find("%Own"); at != std::string::npos;
       at = run.out.find("%Own", at + 1)) {
    ++tables;
  }
  EXPECT_EQ(tables, 2u) << run.out;
  EXPECT_THAT(run.out, AllOf(HasSubstr("%Total  OwnTime  TotalTime  Function"),
                             ContainsRegex("100.00%.*green::Hub::Run")));
}

TEST(Top, AStalledHubIsIdleUnlessAskedFor) {
  Child seed = StartSeed(INVERTED_CLOCK);
  const ToolRun run =
      RunHubspy({"top", "-p", Pid(seed), "-n", "1", "--delay", "0.2"});
  ASSERT_EQ(run.exit_status, 0) << run.err;
  EXPECT_THAT(run.out, Not(ContainsRegex("100.00%")));
  EXPECT_THAT(run.out, HasSubstr("-i"));
}

// The hub turns by itself about every two seconds; a look that woke it would
// turn it a thousand times a second.
TEST(Watching, TurnsNoGreenLoop) {
  Child seed = StartSeed(INVERTED_CLOCK);
  const auto voluntary = [&] {
    return std::stoll(ProcStatus(seed.pid(), "voluntary_ctxt_switches"));
  };
  const auto involuntary = [&] {
    return std::stoll(ProcStatus(seed.pid(), "nonvoluntary_ctxt_switches"));
  };
  const int64_t before = voluntary() + involuntary();
  const ToolRun run = RunHubspy({"record", "-p", Pid(seed), "-i", "-o", "-",
                                 "-f", "flat", "-d", "1", "-r", "1000"});
  ASSERT_EQ(run.exit_status, 0) << run.err;
  EXPECT_LE(voluntary() + involuntary() - before, 50) << run.out;
  EXPECT_THAT(run.err, ContainsRegex("[0-9]+ samples of 1 thread"));
}

}  // namespace
}  // namespace hubspy
