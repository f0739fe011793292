// A thousand stalls of known length at random times, on the hubs of four
// threads. The truth is what the program measured itself: a machine with too
// much to do makes stalls longer, and others that nobody meant.
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <numeric>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/family.h"
#include "cli/hub_history.h"
#include "cli/naming.h"
#include "cli/stall_watch.h"
#include "cli/urgency.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/child.h"
#include "support/time_units.h"
#include "support/tool.h"
#include "target/now.h"

namespace hubspy {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

constexpr int kStalls = 1000;
constexpr int64_t kLimitNs = 5'000'000;

struct TrueStall {
  ThreadId tid = 0;
  std::string kind;
  int64_t begin_ns = 0, end_ns = 0;
};

// What the program says at its end; reads it as it comes.
class Truth {
 public:
  explicit Truth(Child& child) : reader_([this, &child] { Read(child); }) {}
  ~Truth() { reader_.join(); }

  bool is_complete() const { return complete_; }
  const std::vector<TrueStall>& stalls() const { return stalls_; }
  // Of a turn, by the program, as long as the limit at least.
  bool IsWithinATurn(ThreadId tid, int64_t begin_ns, int64_t end_ns) const {
    return std::any_of(turns_.begin(), turns_.end(),
                       [&](const TrueStall& turn) {
                         return turn.tid == tid && turn.begin_ns <= begin_ns &&
                                end_ns <= turn.end_ns;
                       });
  }

 private:
  void Read(Child& child) {
    while (const auto line = child.NextLine()) {
      std::istringstream words(*line);
      std::string what;
      TrueStall entry;
      words >> what >> entry.tid;
      if (what == "stall") {
        words >> entry.kind >> entry.begin_ns >> entry.end_ns;
        stalls_.push_back(entry);
      } else if (what == "turn") {
        words >> entry.begin_ns >> entry.end_ns;
        turns_.push_back(entry);
      } else {
        break;
      }
    }
    complete_ = true;
  }

  std::vector<TrueStall> stalls_;
  std::vector<TrueStall> turns_;
  std::atomic<bool> complete_ = false;
  std::thread reader_;
};

// Until the program has told all.
class UntilToldWaiter : public Waiter {
 public:
  explicit UntilToldWaiter(const Truth& truth) : truth_(truth) {}

  int64_t NowNs() override {
    return std::chrono::nanoseconds(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
  void WaitUntil(int64_t until_ns) override {
    std::this_thread::sleep_until(std::chrono::steady_clock::time_point(
        std::chrono::nanoseconds(until_ns)));
  }
  bool stop_requested() const override { return truth_.is_complete(); }

 private:
  const Truth& truth_;
};

// That it was over in time to be seen whole.
bool Covers(const SeenStall& seen, const TrueStall& stall) {
  return seen.hub_tid == stall.tid && seen.turn.begin_ns <= stall.begin_ns &&
         seen.turn.end_ns + seen.turn.perhaps_longer_ns >= stall.end_ns;
}

class ThousandStallsTest : public testing::Test {
 protected:
  ThousandStallsTest()
      : child_(Child::Exec({STALLING, absl::StrCat(kStalls),
                            absl::StrCat(kLimitNs / 1000), "1"})) {
    EXPECT_EQ(child_.ReadLine(), "ready");
    auto family = Family::Open(
        child_.pid(),
        {.open = {.rate_hz = 1e9 / StallWatch::PeriodNs(kLimitNs)}});
    if (!family.ok()) ADD_FAILURE() << family.status();
    family_ = *std::move(family);
  }

  // Whether a function that stalls in this way is on the stack.
  bool IsIn(const std::string& kind, StackId id) {
    const std::string function = kind == "queue"   ? "Short"
                                 : kind == "sleep" ? "StallSleeping"
                                                   : "StallSpinning";
    const std::vector<SymbolFrame> frames =
        NameStack(seen_.recording.stacks()[id], family_->first(), symbolizer_);
    return std::any_of(frames.begin(), frames.end(), [&](const auto& frame) {
      return absl::StrContains(frame.function, function);
    });
  }

  // Each microsecond of a stall is a sample of the recording.
  void ExpectThatItAddsUp() {
    const StallTotals& totals = seen_.totals;
    EXPECT_EQ(static_cast<size_t>(totals.count), seen_.stalls.size());
    EXPECT_EQ(std::accumulate(totals.lengths.begin(), totals.lengths.end(),
                              int64_t{0}),
              totals.count);
    int64_t samples = 0;
    for (const auto& [key, count] : seen_.recording.counts()) {
      samples += count;
    }
    EXPECT_EQ(samples, seen_.recording.quality.samples);
    EXPECT_NEAR(static_cast<double>(samples),
                static_cast<double>(totals.time_ns) / 1000,
                static_cast<double>(totals.count));
  }

  Child child_;
  std::unique_ptr<Family> family_;
  StallsSeen seen_;
  Symbolizer symbolizer_;
};

TEST_F(ThousandStallsTest, AreFoundAndNoneIsInvented) {
  child_.WriteLine("go");
  Truth truth(child_);
  UntilToldWaiter waiter(truth);
  StallWatch watch(*family_, waiter, {.limit_ns = kLimitNs});
  {
    const Urgency urgency;
    ASSERT_EQ(watch.Run(INT64_MAX), Sampler::Stop::kRequested);
  }
  seen_ = watch.SoFar();
  ASSERT_EQ(truth.stalls().size(), kStalls);

  for (const SeenStall& seen : seen_.stalls) {
    EXPECT_GE(seen.turn.length_ns(), kLimitNs);
    EXPECT_TRUE(
        truth.IsWithinATurn(seen.hub_tid, seen.turn.begin_ns, seen.turn.end_ns))
        << "invented, of " << seen.turn.length_ns() << " ns";
  }

  int64_t wanted = 0, found = 0, rightly = 0, looks = 0, looks_in_it = 0;
  std::string missed;
  for (const TrueStall& stall : truth.stalls()) {
    const int64_t length_ns = stall.end_ns - stall.begin_ns;
    if (2 * length_ns < 3 * kLimitNs) continue;
    ++wanted;
    const auto seen =
        std::find_if(seen_.stalls.begin(), seen_.stalls.end(),
                     [&](const SeenStall& s) { return Covers(s, stall); });
    if (seen == seen_.stalls.end()) {
      absl::StrAppend(&missed, stall.kind, " of ", length_ns, " ns, ");
      continue;
    }
    ++found;
    rightly +=
        seen->cause ==
        (stall.kind == "queue" ? StallCause::kQueue : StallCause::kGreenThread);
    for (const SeenStall::Look& look : seen->looks) {
      ++looks;
      looks_in_it += IsIn(stall.kind, look.stack);
    }
  }
  EXPECT_GE(100 * found, 99 * wanted)
      << "missed: " << missed << "blind for " << seen_.totals.blind_ns << " ns";
  // A green thread of a queue may be kept off the CPU for longer than all of
  // them take; and who stalled may be on its way out when it is looked at.
  EXPECT_GE(100 * rightly, 90 * found);
  EXPECT_GE(100 * looks_in_it, 95 * looks);
  EXPECT_GE(looks, found);
  ExpectThatItAddsUp();
}

// What a recording keeps of hubs, looking 100 times a second.

void SleepFor(int64_t ns) {
  std::this_thread::sleep_for(std::chrono::nanoseconds(ns));
}

std::unique_ptr<Family> FamilyOf(const Child& child) {
  auto family = Family::Open(child.pid(), {});
  if (!family.ok()) ADD_FAILURE() << family.status();
  return *std::move(family);
}

Profile WithHubs(const HubHistory& history, const Family& family) {
  Profile profile;
  for (const Program& program : family.programs()) {
    profile.processes.push_back({program.pid, program.command});
  }
  Symbolizer symbolizer;
  history.AddTo(profile, family.programs(), symbolizer);
  return profile;
}

TEST(HubHistory, HasTheLongTurnsOfEachHub) {
  constexpr int64_t kLongTurnUs = HubHistory::kLongTurnNs / 1000;
  Child child = Child::Exec({STALLING, "40", absl::StrCat(kLongTurnUs), "5"});
  ASSERT_EQ(child.ReadLine(), "ready");
  const auto family = FamilyOf(child);
  child.WriteLine("go");
  Truth truth(child);
  HubHistory history;
  while (!truth.is_complete()) {
    ASSERT_TRUE(family->Refresh().ok());
    history.Read(*family, /*begin_ns=*/1);
    SleepFor(2 * HubHistory::kLeastBetweenNs);
  }
  const Profile profile = WithHubs(history, *family);

  int64_t wanted = 0, found = 0;
  for (const TrueStall& stall : truth.stalls()) {
    if (stall.end_ns - stall.begin_ns < 3 * HubHistory::kLongTurnNs / 2) {
      continue;
    }
    ++wanted;
    found += std::any_of(
        profile.long_turns.begin(), profile.long_turns.end(),
        [&](const Profile::LongTurn& turn) {
          return turn.tid == stall.tid && turn.begin_ns <= stall.begin_ns &&
                 stall.end_ns - turn.end_ns < HubHistory::kLongTurnNs / 2;
        });
  }
  EXPECT_GT(wanted, 10);
  EXPECT_GE(10 * found, 9 * wanted);
  for (const Profile::LongTurn& turn : profile.long_turns) {
    EXPECT_GE(turn.end_ns - turn.begin_ns, HubHistory::kLongTurnNs);
    EXPECT_TRUE(
        truth.IsWithinATurn(turn.tid, turn.begin_ns + 1, turn.end_ns + 1));
  }

  ASSERT_EQ(profile.hubs.size(), 4u);
  for (const Profile::HubSeries& hub : profile.hubs) {
    EXPECT_EQ(profile.processes.at(hub.process).pid, child.pid());
    EXPECT_GT(hub.points.back().switches, hub.points.front().switches);
    EXPECT_TRUE(std::is_sorted(
        hub.points.begin(), hub.points.end(), [](const auto& a, const auto& b) {
          return a.at_ns < b.at_ns && a.iterations <= b.iterations;
        }));
  }
}

class LongTurnTest : public testing::Test {
 protected:
  LongTurnTest() {
    EXPECT_EQ(child_.ReadLine(), "ready");
    // It is stuck; once it has been for long enough, it is seen at once.
    family_ = FamilyOf(child_);
    SleepFor(HubHistory::kLongTurnNs);
  }
  Profile::LongTurn Read(int64_t begin_ns) {
    SleepFor(HubHistory::kLeastBetweenNs);
    history_.Read(*family_, begin_ns);
    const Profile profile = WithHubs(history_, *family_);
    EXPECT_EQ(profile.long_turns.size(), 1u);
    return profile.long_turns.at(0);
  }

  static constexpr int64_t kSecond = 1'000'000'000;
  Child child_ = Child::Exec({BLOCKING_SLEEP});
  std::unique_ptr<Family> family_;
  HubHistory history_;
};

TEST_F(LongTurnTest, OneThatGoesOnHasLastedSoFar) {
  const int64_t begin_ns = NowNs();
  const Profile::LongTurn turn = Read(begin_ns);
  EXPECT_LT(turn.begin_ns, 0);
  EXPECT_GE(turn.end_ns, 0);
  EXPECT_THAT(turn.who, HasSubstr("green thread "));
  const Profile::LongTurn later = Read(begin_ns);
  EXPECT_EQ(later.begin_ns, turn.begin_ns);
  EXPECT_GT(later.end_ns, turn.end_ns);
}

TEST_F(LongTurnTest, TheTimeThatWritingTakesIsNoPartOfIt) {
  constexpr int64_t kWritingNs = HubHistory::kLeastBetweenNs / 2;
  const int64_t begin_ns = NowNs() - 10 * kSecond;
  const Profile::LongTurn before = Read(begin_ns);
  const Profile::LongTurn after = Read(begin_ns + kWritingNs);
  EXPECT_EQ(after.begin_ns, before.begin_ns);
  EXPECT_GT(after.end_ns, before.end_ns);
  EXPECT_LE(after.end_ns, NowNs() - begin_ns - kWritingNs);
}

TEST_F(LongTurnTest, InTheNextPieceItBeganBefore) {
  const int64_t begin_ns = NowNs() - 10 * kSecond;
  const Profile::LongTurn first = Read(begin_ns);
  history_.BeginNext();
  EXPECT_EQ(WithHubs(history_, *family_).hubs.size(), 0u);
  const Profile::LongTurn second = Read(begin_ns + 10 * kSecond);
  EXPECT_EQ(second.begin_ns, first.begin_ns - 10 * kSecond);
  EXPECT_LT(second.begin_ns, 0);
}

// The tool itself.

ToolRun RecordStalls(pid_t pid, std::vector<std::string> more) {
  std::vector<std::string> arguments = {"record", "-p", absl::StrCat(pid)};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return RunHubspy(arguments);
}

TEST(RecordStalls, TellsOfAHubThatIsStuckAlready) {
  Child child = Child::Exec({BLOCKING_SLEEP});
  ASSERT_EQ(child.ReadLine(), "ready");
  const ToolRun run =
      RecordStalls(child.pid(), {"--stalls", "20ms", "-d", "0.2", "-o", "-"});
  EXPECT_EQ(run.exit_status, 0) << run.err;
  EXPECT_THAT(run.out,
              AllOf(ContainsRegex("\n1 stall of 20 ms or more in "),
                    HasSubstr(" before hubspy came, hub of thread "),
                    HasSubstr(": goes on after "),
                    ContainsRegex("green thread [0-9]+ \\(.*\\) does "
                                  "not give way\n  after .*, sleeping"),
                    HasSubstr("clock_nanosleep"), HasSubstr("\nLengths:\n")));
  EXPECT_THAT(run.err, AllOf(HasSubstr("for stalls of 20 ms or more, 400 times "
                                       "a second for 0.2 s.\n"),
                             HasSubstr("written to standard output.\n")));
}

// All of the time that it is watched is of that one stall.
TEST(RecordStalls, AGraphIsOfTheirTimeInMicroseconds) {
  Child child = Child::Exec({BLOCKING_SLEEP});
  ASSERT_EQ(child.ReadLine(), "ready");
  const ToolRun run = RecordStalls(
      child.pid(),
      {"--stalls", "20ms", "-d", "0.2", "-f", "raw", "-t", "-o", "-"});
  EXPECT_EQ(run.exit_status, 0) << run.err;
  EXPECT_THAT(run.out, ContainsRegex("^green thread \\([0-9]+\\): .*;"
                                     "\\[running\\];.*clock_nanosleep"));
  int64_t us = 0;
  std::istringstream lines(run.out);
  for (std::string line; std::getline(lines, line);) {
    us += std::stoll(line.substr(line.rfind(' ')));
  }
  EXPECT_GE(us, 150'000);
  const ToolRun graph = RecordStalls(
      child.pid(),
      {"--stalls", "20ms", "-d", "0.2", "-f", "flamegraph", "-o", "-"});
  EXPECT_THAT(graph.out, AllOf(HasSubstr("1 stall of 20 ms or more"),
                               ContainsRegex(" us, 100.00%\\)</title>")));
}

// Of one that goes on, and goes on in what is written next.
TEST(RecordStalls, WritesWhatThereIsSoFarWhenASignalAsksForIt) {
  Child child = Child::Exec({BLOCKING_SLEEP});
  ASSERT_EQ(child.ReadLine(), "ready");
  const std::string file = testing::TempDir() + "so_far_stalls.txt";
  Child hubspy = StartHubspy({"record", "--stalls", "5ms", "-o", file, "-p",
                              absl::StrCat(child.pid())});
  ASSERT_THAT(hubspy.ReadLine(), HasSubstr("for stalls of 5 ms or more"));
  for (int i = 0; i < 2; ++i) {
    AwaitSleeps(hubspy.pid(), 10);
    kill(hubspy.pid(), SIGUSR1);
    EXPECT_THAT(hubspy.ReadLine(),
                MatchesRegex("So far: 1 stall of 5 ms or more.*" + file + "."));
    EXPECT_THAT(FileText(file), HasSubstr(": goes on after "));
  }
  kill(hubspy.pid(), SIGINT);
  EXPECT_THAT(hubspy.ReadToEnd(), HasSubstr("1 stall of 5 ms or more"));
  EXPECT_EQ(hubspy.Wait(), 0);
}

TEST(RecordStalls, SaysSoWhereThereIsNoHub) {
  Child child = Child::Exec({IDLE_LOOP});
  const ToolRun run =
      RecordStalls(child.pid(), {"--stalls", "20ms", "-d", "0.2", "-o", "-"});
  EXPECT_EQ(run.exit_status, 1);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err,
            absl::StrCat("hubspy: process ", child.pid(),
                         " has no hub: --stalls watches the loops of green's "
                         "hubs; without it, record shows where any process "
                         "is\n"));
}

TEST(RecordStalls, FollowsAProgramThatItStarts) {
  const ToolRun run = RunHubspy({"record", "--stalls", "5ms", "-o", "-", "--",
                                 STALLING, "200", "5000", "1"});
  EXPECT_EQ(run.exit_status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("(staller) did not give way"));
  EXPECT_THAT(run.err, HasSubstr(" exited after "));
  EXPECT_THAT(run.err, Not(HasSubstr("no hub")));
}

TEST(RecordStalls, AProgramWithoutAHubHasItsExitStatusAllTheSame) {
  const ToolRun run = RunHubspy({"record", "--stalls", "20ms", "-o", "-", "--",
                                 "/bin/sh", "-c", "exit 3"});
  EXPECT_EQ(run.exit_status, 3) << run.err;
  EXPECT_THAT(run.err, HasSubstr("made no hub while it was watched"));
}

}  // namespace
}  // namespace hubspy
