// What `top` says of hubs, and what it shows when told which threads: its plain
// tables, on programs of which the truth is known.
#include <sched.h>

#include <cstddef>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/child.h"
#include "support/sanitizers.h"
#include "support/tool.h"

namespace hubspy {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

// It gets a CPU, however busy the machine is: else it would be starved indeed.
Child Start(std::vector<std::string> argv) {
  argv[0] = absl::StrCat(PROGRAMS, "/", argv[0]);
  Child child = Child::Exec(argv);
  PreferOnCpu(child.pid());
  return child;
}

std::string Pid(const Child& child) { return std::to_string(child.pid()); }

// The lines of hubs in the last of the tables, without their heading.
std::vector<std::string> HubLines(const std::string& out) {
  const size_t heading = out.rfind("Turns/s");
  if (heading == std::string::npos) return {};
  std::vector<std::string> lines;
  for (const auto line : absl::StrSplit(out.substr(heading), '\n')) {
    if (line.empty()) break;
    lines.emplace_back(line);
  }
  lines.erase(lines.begin());
  return lines;
}

std::string LastWord(const std::string& line) {
  return line.substr(line.rfind(' ') + 1);
}

struct Case {
  std::vector<std::string> program;
  std::string verdict;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << absl::StrJoin(c.program, " ");
}

// Some seconds, of which the latest two count, as of `diagnose`'s.
void ExpectVerdict(const Case& c) {
  SCOPED_TRACE(absl::StrJoin(c.program, " "));
  Child child = Start(c.program);
  ASSERT_THAT(child.ReadLine(), ContainsRegex("^(ready|foo)"));
  const ToolRun run =
      RunHubspy({"top", "-p", Pid(child), "-n", "3", "--delay", "1.2"});
  ASSERT_EQ(run.exit_status, 0) << run.err;
  const std::vector<std::string> hubs = HubLines(run.out);
  ASSERT_EQ(hubs.size(), 1u) << run.out;
  EXPECT_EQ(LastWord(hubs[0]), c.verdict) << run.out;
}

// All at a time: they take no CPU from each other.
TEST(TopVerdict, IsThatOfDiagnoseOnQuietPrograms) {
  const std::vector<Case> cases = {
      {{"healthy_clock"}, "healthy"},
      {{"blocking_sleep"}, "blocking_call"},
      {{"deadlock_mutexes"}, "deadlock"},
      {{"deadlock_std_mutex"}, "deadlock"},
      {{"lost_event"}, "lost_wakeup"},
      {{"stopped_itself"}, "stopped"},
      {{"healthy", "heavy_offload"}, "healthy"},
      {{"healthy", "contended_mutex"}, "healthy"},
  };
  std::vector<std::thread> threads;
  for (const Case& c : cases) threads.emplace_back([&c] { ExpectVerdict(c); });
  for (std::thread& thread : threads) thread.join();
}

class TopVerdictOf : public ::testing::TestWithParam<Case> {};

TEST_P(TopVerdictOf, IsThatOfDiagnose) {
  if (kAddressSanitizer && GetParam().program.back() == "often_yielding") {
    GTEST_SKIP() << "its hub takes longer than its work";
  }
  ExpectVerdict(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Busy, TopVerdictOf,
    ::testing::Values(Case{{"not_yielding_spin"}, "not_yielding"},
                      Case{{"busy_yield"}, "busy_loop"},
                      Case{{"healthy", "burst_of_timers"}, "healthy"},
                      Case{{"healthy", "often_yielding"}, "healthy"}),
    [](const auto& that) { return absl::StrJoin(that.param.program, "_"); });

TEST(TopHubs, TellTheSeedProgramsClock) {
  Child seed = Start({"inverted_clock"});
  ASSERT_EQ(seed.ReadLine(), "foo");
  const ToolRun run =
      RunHubspy({"top", "-p", Pid(seed), "-n", "3", "--delay", "1.2"});
  ASSERT_EQ(run.exit_status, 0) << run.err;
  const std::vector<std::string> hubs = HubLines(run.out);
  ASSERT_EQ(hubs.size(), 1u) << run.out;
  // It was too early to tell, but not to be sure that all is well.
  EXPECT_THAT(run.out, Not(HasSubstr("healthy")));
  EXPECT_THAT(hubs[0], AllOf(ContainsRegex(absl::StrCat("^", Pid(seed), " ")),
                             // Two timers, and two that wait for them.
                             ContainsRegex(" 2 +0 +0 +2 "),
                             HasSubstr("1736x slow  clock_rate")));
}

TEST(TopHubs, AreNoneOfAProcessWithoutOne) {
  Child spin = Start({"spin"});
  ASSERT_EQ(spin.ReadLine(), "ready");
  const ToolRun run =
      RunHubspy({"top", "-p", Pid(spin), "-n", "1", "--delay", "0.2"});
  ASSERT_EQ(run.exit_status, 0) << run.err;
  EXPECT_THAT(run.out, Not(HasSubstr("Turns/s")));
}

// "reader" and "sleeper" are green threads of the main thread's hub; a second
// thread waits in read().
class TopOfSome : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_THAT(child_.ReadLine(), ContainsRegex("^ready "));
  }
  ToolRun Top(std::vector<std::string> more) {
    std::vector<std::string> arguments = {"top", "-p", Pid(child_), "-i",
                                          "-n",  "1",  "--delay",   "0.3"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunHubspy(arguments);
  }

  Child child_ = Start({"waiting"});
};

TEST_F(TopOfSome, ShowsThreadsByIdOrName) {
  const ToolRun main = Top({"--thread", Pid(child_)});
  EXPECT_THAT(main.out, AllOf(HasSubstr("green::Hub::Run"),
                              Not(HasSubstr("ReadForever"))));
  EXPECT_THAT(Top({"--thread", "wait.*"}).out,
              AllOf(HasSubstr("green::Hub::Run"), HasSubstr("ReadForever")));
}

TEST_F(TopOfSome, SaysThatThereIsNoneOfThatName) {
  const ToolRun none = Top({"--thread", "nobody"});
  EXPECT_EQ(none.exit_status, 1);
  EXPECT_THAT(none.err, AllOf(HasSubstr("nobody"), HasSubstr("waiting")));
}

TEST_F(TopOfSome, ShowsGreenThreadsByIdOrName) {
  const ToolRun reader = Top({"--green", "reader"});
  EXPECT_THAT(
      reader.out,
      AllOf(HasSubstr("[waiting: fd]"), HasSubstr("ReaderMain"),
            Not(HasSubstr("[waiting: timer]")), Not(HasSubstr("ReadForever"))));
  const ToolRun sleeper = Top({"--green", "2", "-t"});
  EXPECT_THAT(sleeper.out, AllOf(HasSubstr("[waiting: timer]"),
                                 HasSubstr("green thread (2): sleeper"),
                                 Not(HasSubstr("ReaderMain"))));
}

TEST_F(TopOfSome, ShowsAllGreenThreads) {
  EXPECT_THAT(Top({"-g"}).out,
              AllOf(HasSubstr("[waiting: fd]"), HasSubstr("[waiting: timer]"),
                    HasSubstr("ReadForever")));
}

TEST_F(TopOfSome, SortsByWhatIsAskedFor) {
  const auto first = [&](const std::string& column) {
    const std::string out = Top({"--sort", column}).out;
    const size_t table = out.find('\n', out.find("%Own")) + 1;
    return out.substr(table, out.find('\n', table) - table);
  };
  EXPECT_THAT(first("own"), Not(HasSubstr(" 0.00% ")));
  EXPECT_THAT(first("totaltime"), Not(HasSubstr("_start")));
}

}  // namespace
}  // namespace hubspy
