// Every program of fixtures/programs that stalls, and every one that only looks
// so: each verdict has to be right, and no healthy program accused. And looking
// must not change what is looked at: one that is stuck has not moved when we
// are done.
#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <iostream>
#include <map>
#include <mutex>
#include <ostream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
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
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Matcher;

struct Case {
  std::vector<std::string> program;
  std::string verdict;
  // What the summary has to tell.
  Matcher<std::string> says = ::testing::_;
  // Needs next to no CPU; one that is still does not either.
  bool is_quiet = false;
  // How long it takes to tell.
  const char* seconds = "1.2";
  // Stuck for good: its main thread is never switched to.
  bool is_still = false;
  std::string state = "S";  // and this is how /proc calls it then
  std::function<void(const json& evidence)> check = [](const json&) {};
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << absl::StrJoin(c.program, " ");
}

std::vector<std::string> FunctionsOf(const json& frames) {
  std::vector<std::string> functions;
  for (const json& frame : frames) functions.push_back(frame["function"]);
  return functions;
}

std::vector<Case> Cases() {
  const auto healthy = [](const std::string& which) {
    return Case{.program = {"healthy", which}, .verdict = "healthy"};
  };
  const auto quiet = [&](const std::string& which) {
    Case c = healthy(which);
    c.is_quiet = true;
    return c;
  };
  return {
      {.program = {"deadlock_mutexes"},
       .verdict = "deadlock",
       .says = AllOf(HasSubstr("(deposit) waits for mutex 0x"),
                     HasSubstr("held by green thread"), HasSubstr("a circle"),
                     HasSubstr("1 other waits")),
       .is_quiet = true,
       .check =
           [](const json& evidence) {
             ASSERT_EQ(evidence["cycle"].size(), 2u);
             for (const json& link : evidence["cycle"]) {
               EXPECT_EQ(link["waits_for"], "mutex");
               EXPECT_THAT(FunctionsOf(link["frames"]),
                           ::testing::Contains("Transfer"));
             }
             EXPECT_EQ(evidence["others"], 1);
           }},
      {.program = {"deadlock_no_sender"},
       .verdict = "deadlock",
       .says = AllOf(HasSubstr("nothing can wake them"),
                     HasSubstr("(worker) for queue 0x"),
                     HasSubstr("the thread's own code for green pool")),
       .is_still = true},
      {.program = {"busy_yield"},
       .verdict = "busy_loop",
       .says = AllOf(HasSubstr("(looker) gives way (green::Yield"),
                     HasSubstr("never waits for anything")),
       .check =
           [](const json& evidence) {
             EXPECT_EQ(evidence["kept_awake_by"], "yields");
             EXPECT_GT(evidence["switches_per_second"], 50'000);
             EXPECT_THAT(FunctionsOf(evidence["frames"]),
                         ::testing::Contains("AwaitByLooking"));
           }},
      {.program = {"busy_fd"},
       .verdict = "busy_loop",
       .says = AllOf(HasSubstr("eventfd, is ready to read and stays so"),
                     HasSubstr("(listener) waits for it"),
                     HasSubstr("(3, its count) is left there")),
       .check =
           [](const json& evidence) {
             EXPECT_EQ(evidence["kept_awake_by"], "fd");
             EXPECT_EQ(evidence["fd"]["unread"], 3);
           }},
      {.program = {"busy_hangup"},
       .verdict = "busy_loop",
       .says = AllOf(HasSubstr("(reader) waits for it"),
                     HasSubstr("its other end is closed"))},
      {.program = {"busy_sleep"},
       .verdict = "busy_loop",
       .says = HasSubstr("The thread's own code sleeps for next to no time")},
      {.program = {"deadlock_std_mutex"},
       .verdict = "deadlock",
       .says = AllOf(HasSubstr("(reader) waits for the mutex 0x"),
                     HasSubstr("this very OS thread holds")),
       .is_still = true},
      {.program = {"deadlock_threads"},
       .verdict = "deadlock",
       .says = AllOf(HasSubstr("held by thread"), HasSubstr("a circle"),
                     HasSubstr("held by the hub's thread")),
       .is_still = true,
       .check =
           [](const json& evidence) {
             ASSERT_EQ(evidence["holders"].size(), 1u);
             EXPECT_THAT(FunctionsOf(evidence["holders"][0]["frames"]),
                         ::testing::Contains(HasSubstr("mutex_lock")));
           }},
      {.program = {"not_yielding_compute"},
       .verdict = "not_yielding",
       .says = AllOf(HasSubstr("(counter) computes in CountCollisions"),
                     HasSubstr("1 timer waits behind it"),
                     HasSubstr("% in not_yielding_compute.cc:1")),
       .check =
           [](const json& evidence) {
             EXPECT_THAT(evidence["loop"].get<std::string>(),
                         HasSubstr("of CountCollisions are in the loop 0x"));
             EXPECT_EQ(evidence["hot_lines"][0]["function"], "CountCollisions");
           }},
      {.program = {"not_yielding_spin"},
       .verdict = "not_yielding",
       .says = AllOf(HasSubstr("(spinner) computes in SpinUntilDone"),
                     HasSubstr("1 green thread that is ready to run waits")),
       .check =
           [](const json& evidence) {
             EXPECT_THAT(evidence["loop"].get<std::string>(),
                         ContainsRegex("which spins on (pause|yield)"));
           }},
      {.program = {"blocking_sleep"},
       .verdict = "blocking_call",
       .says = AllOf(HasSubstr("(poller) blocks the hub's thread in "
                               "clock_nanosleep(3600.000 s)"),
                     HasSubstr("2 green threads that are ready to run wait")),
       .is_still = true},
      {.program = {"blocking_read"},
       .verdict = "blocking_call",
       .says = AllOf(HasSubstr("(client) blocks the hub's thread in read(fd "),
                     HasSubstr(": TCP 127.0.0.1:"), HasSubstr("64 bytes")),
       .is_still = true,
       .check =
           [](const json& evidence) {
             EXPECT_EQ(evidence["system_call"], "read");
             EXPECT_EQ(evidence["fd"]["readable"], false);
             EXPECT_THAT(FunctionsOf(evidence["frames"]),
                         ::testing::Contains("Query"));
           }},
      {.program = {"blocking_mutex"},
       .verdict = "blocking_call",
       .says = AllOf(HasSubstr("in futex(the mutex 0x"),
                     HasSubstr("(refresher), is itself in read(fd "),
                     HasSubstr(": pipe, 1 bytes)")),
       .is_still = true,
       .check =
           [](const json& evidence) {
             ASSERT_EQ(evidence["holders"].size(), 1u);
             EXPECT_EQ(evidence["holders"][0]["name"], "refresher");
             EXPECT_EQ(evidence["holders"][0]["tid"],
                       evidence["mutex_holder_tid"]);
             EXPECT_THAT(FunctionsOf(evidence["holders"][0]["frames"]),
                         ::testing::Contains("RefreshCache"));
           }},
      {.program = {"stopped_itself"},
       .verdict = "stopped",
       .says = AllOf(HasSubstr("by a signal"), HasSubstr("nobody traces it")),
       .is_still = true,
       .state = "T"},
      {.program = {"stopped_by_tracer"},
       .verdict = "stopped",
       .says = AllOf(HasSubstr("held by a tracer, process "),
                     HasSubstr("(forgetful)")),
       .is_still = true,
       .state = "t"},
      {.program = {"stopped_frozen"},
       .verdict = "stopped",
       .says = HasSubstr("the control group /hubspy_fixture_"),
       .is_still = true},
      {.program = {"starved_by_neighbour"},
       .verdict = "cpu_starved",
       .says = AllOf(HasSubstr("wants to run and hardly does"),
                     HasSubstr("(greedy) ")),
       .check =
           [](const json& evidence) {
             EXPECT_GT(evidence["waited_share"], 0.75);
             EXPECT_LT(evidence["ran_share"], 0.25);
           }},
      {.program = {"starved_by_quota"},
       .verdict = "cpu_starved",
       .says = AllOf(HasSubstr("by the limit of its control group"),
                     HasSubstr("0.05 CPUs")),
       .check =
           [](const json& evidence) {
             EXPECT_GT(evidence["throttled_by"]["throttled_seconds"], 0.3);
           }},
      {.program = {"lost_fd"},
       .verdict = "lost_wakeup",
       .says = AllOf(HasSubstr("(reader) waits to read fd "),
                     HasSubstr("(pipe), which was ready all the "),
                     HasSubstr("(4 bytes are there)"),
                     HasSubstr("The poller does not wait for that fd")),
       .is_still = true,
       .check =
           [](const json& evidence) {
             EXPECT_EQ(evidence["lost"], "fd_ready");
             EXPECT_EQ(evidence["polled"], false);
             EXPECT_THAT(FunctionsOf(evidence["frames"]),
                         ::testing::Contains("green::WaitReadable"));
           }},
      {.program = {"lost_closed"},
       .verdict = "lost_wakeup",
       .says = AllOf(HasSubstr("(reader) waits to read fd "),
                     HasSubstr("which is closed")),
       .is_still = true},
      {.program = {"lost_queue"},
       .verdict = "lost_wakeup",
       .says = AllOf(HasSubstr("(worker) waits for queue 0x"),
                     HasSubstr("the item, or the room for one, is there (1)"),
                     HasSubstr("another OS thread")),
       .is_still = true,
       .check =
           [](const json& evidence) {
             EXPECT_EQ(evidence["lost"], "object");
             EXPECT_EQ(evidence["available"], 1);
           }},
      {.program = {"lost_event"},
       .verdict = "lost_wakeup",
       .says = AllOf(HasSubstr("(watcher) waits for event 0x"),
                     HasSubstr("something was sent to it")),
       .is_still = true,
       .check =
           [](const json& evidence) { EXPECT_EQ(evidence["lost"], "object"); }},
      {.program = {"lost_call"},
       .verdict = "lost_wakeup",
       .says = AllOf(HasSubstr("A timer was added "),
                     HasSubstr("by another OS thread")),
       .is_still = true,
       .check =
           [](const json& evidence) {
             EXPECT_EQ(evidence["lost"], "timer");
             EXPECT_GT(evidence["since_seconds"], 0.5);
           }},
      {.program = {"healthy_clock"}, .verdict = "healthy", .is_quiet = true},
      {.program = {"inverted_clock"},
       .verdict = "clock_rate",
       .says = AllOf(HasSubstr("1736 times slow"), HasSubstr("upside down")),
       .is_quiet = true,
       .check =
           [](const json& evidence) {
             EXPECT_EQ(evidence["cause"], "inverted");
             EXPECT_EQ(evidence["late_timers"].size(), 2u);
           }},
      {.program = {"unscaled_clock"},
       .verdict = "clock_rate",
       .says = AllOf(HasSubstr("40 times slow"),
                     HasSubstr("40/1 ns per tick, is not applied"),
                     HasSubstr("(expirer)")),
       .is_quiet = true,
       .check =
           [](const json& evidence) {
             EXPECT_EQ(evidence["cause"], "taken_as_1_1");
           }},
      {.program = {"truncated_clock"},
       .verdict = "clock_rate",
       .says = AllOf(HasSubstr("5 / 12 in integers is 0"),
                     HasSubstr("in effect never come due"),
                     HasSubstr("(scheduler)")),
       .check =
           [](const json& evidence) {
             EXPECT_EQ(evidence["cause"], "truncated");
             EXPECT_EQ(evidence["rate"], 0);
           }},
      {.program = {"stepped_clock", "back"},
       .verdict = "clock_rate",
       .says = AllOf(HasSubstr("was stepped"),
                     HasSubstr("was set back, by 60 minutes"),
                     HasSubstr("(refresher), 60 minutes away")),
       .is_still = true,
       .check =
           [](const json& evidence) {
             EXPECT_EQ(evidence["cause"], "stepped");
           }},
      {.program = {"stepped_clock", "forward"},
       .verdict = "clock_rate",
       .says = AllOf(HasSubstr("was stepped"),
                     HasSubstr("set forward, by 60 minutes")),
       .is_quiet = true,
       .check =
           [](const json& evidence) {
             EXPECT_EQ(evidence["cause"], "stepped");
             EXPECT_NEAR(evidence["step_seconds"].get<double>(), 3600, 0.1);
           }},
      {.program = {"busy_green"}, .verdict = "healthy"},
      healthy("busy_but_fair"),
      healthy("often_yielding"),
      quiet("idle_without_timers"),
      quiet("waits_for_a_thread"),
      quiet("one_timer_tomorrow"),
      healthy("burst_of_timers"),
      quiet("slow_client"),
      quiet("heavy_offload"),
      quiet("contended_mutex"),
      healthy("ping_pong"),
      healthy("busy_server"),
      quiet("lock_with_timeout"),
      quiet("fed_by_a_thread"),
      healthy("crowded_queue"),
  };
}

std::string Switches(const Child& child) {
  return ProcStatus(child.pid(), "voluntary_ctxt_switches") + " " +
         ProcStatus(child.pid(), "nonvoluntary_ctxt_switches");
}

// The verdict that hubspy gave.
std::string VerdictOn(const Case& c) {
  SCOPED_TRACE(absl::StrJoin(c.program, " "));
  std::vector<std::string> argv = c.program;
  argv[0] = absl::StrCat(PROGRAMS, "/", argv[0]);
  Child child = Child::Exec(argv);
  // Who is to starve has that from a child of its own, which would inherit it;
  // and then cannot even die.
  if (c.verdict != "cpu_starved") PreferOnCpu(child.pid());
  const std::string line = child.ReadLine();
  if (absl::StartsWith(line, "skip: ")) {
    std::cout << c.program[0] << " " << line << "\n";
    return "(skipped)";
  }
  EXPECT_THAT(line, ::testing::AnyOf(::testing::StartsWith("ready"), "foo"));
  const auto is_asleep = [&] {
    return ProcStatus(child.pid(), "State").substr(0, 1) == c.state;
  };
  if (c.is_still) {
    while (!is_asleep()) sched_yield();
  }
  const std::string before = Switches(child);
  const ToolRun run = RunHubspy({"diagnose", "-p", std::to_string(child.pid()),
                                 "-d", c.seconds, "--json"});
  if (c.is_still) {
    EXPECT_EQ(Switches(child), before) << "it moved";
  }
  EXPECT_EQ(run.exit_status, c.verdict == "healthy" ? 0 : 10) << run.err;
  const json diagnosis = json::parse(run.out, nullptr, false);
  if (diagnosis.is_discarded() || diagnosis["hubs"].empty()) return "none";
  const json& hub = diagnosis["hubs"][0];
  const std::string verdict = hub["verdict"];
  EXPECT_EQ(verdict, c.verdict) << run.out;
  if (verdict != c.verdict) return verdict;
  EXPECT_THAT(hub["summary"].get<std::string>(), c.says) << run.out;
  c.check(hub["evidence"]);
  return verdict;
}

// What was said of programs, by what is true of them.
class Matrix : public ::testing::Environment {
 public:
  void Count(const std::string& truth, const std::string& verdict) {
    const std::lock_guard lock(mutex_);
    ++said_[truth][verdict];
  }

  // Rows are what is true, columns what was said.
  void TearDown() override {
    std::set<std::string> columns;
    for (const auto& [truth, verdicts] : said_) {
      columns.insert(truth);
      for (const auto& [verdict, count] : verdicts) columns.insert(verdict);
    }
    std::string text = absl::StrFormat("%-14s", "is \\ said");
    for (const std::string& column : columns) {
      absl::StrAppendFormat(&text, "%14s", column);
    }
    for (const auto& [truth, verdicts] : said_) {
      absl::StrAppendFormat(&text, "\n%-14s", truth);
      for (const std::string& column : columns) {
        const auto count = verdicts.find(column);
        absl::StrAppendFormat(
            &text, "%14s",
            count == verdicts.end() ? "." : absl::StrCat(count->second));
      }
    }
    std::cout << text << "\n";
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::map<std::string, int>> said_;
};

Matrix& matrix =
    *static_cast<Matrix*>(::testing::AddGlobalTestEnvironment(new Matrix));

void Judge(const Case& c) { matrix.Count(c.verdict, VerdictOn(c)); }

std::vector<Case> CasesThat(bool are_quiet) {
  std::vector<Case> cases = Cases();
  std::erase_if(cases, [&](const Case& c) {
    return (c.is_quiet || c.is_still) != are_quiet;
  });
  return cases;
}

// Several at a time: they take no CPU from each other.
TEST(Diagnose, EveryQuietProgramIsJudgedRight) {
  constexpr size_t kAtATime = 6;
  const std::vector<Case> cases = CasesThat(true);
  std::atomic<size_t> next = 0;
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kAtATime; ++i) {
    threads.emplace_back([&] {
      while (true) {
        const size_t mine = next++;
        if (mine >= cases.size()) return;
        Judge(cases[mine]);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

class DiagnoseProgram : public ::testing::TestWithParam<Case> {};

TEST_P(DiagnoseProgram, IsJudgedRight) {
  if (kAddressSanitizer && GetParam().program.back() == "often_yielding") {
    GTEST_SKIP() << "its hub takes longer than its work";
  }
  Judge(GetParam());
}

INSTANTIATE_TEST_SUITE_P(That, DiagnoseProgram,
                         ::testing::ValuesIn(CasesThat(false)),
                         [](const auto& that) {
                           return absl::StrJoin(that.param.program, "_");
                         });

}  // namespace
}  // namespace hubspy
