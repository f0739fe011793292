// Green threads seen from outside while they switch as fast as they can: no
// stack is ever shown for another than whose it is. Many are caught in the
// middle of a switch, at times most, which is no failure.
#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/attachment.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/child.h"
#include "support/tool.h"
#include "symbolize/symbolizer.h"

namespace hubspy {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr uint64_t kSwitches = 1'000'000;
constexpr size_t kNames = 10;  // eight owners, the spawner, the brief ones
constexpr int kTimesEach = 500;

class SwitchingTest : public testing::Test {
 protected:
  SwitchingTest() : child_(Child::Exec({SWITCHING})) {
    EXPECT_EQ(child_.ReadLine(), "ready");
    auto attachment = Attachment::Open(child_.pid());
    if (!attachment.ok()) ADD_FAILURE() << attachment.status();
    attachment_ = *std::move(attachment);
    attachment_->LookAtGreenThreads({.wanted = true, .names = true});
  }

  uint64_t Switches() {
    const auto hubs = attachment_->ReadHubs();
    return hubs.ok() ? hubs->front().switches : 0;
  }

  // Whose functions are on it: "owner 3", "brief".
  const std::set<std::string>& OwnersOf(const Stack& stack) {
    const auto [it, inserted] = owners_.try_emplace(stack.frames);
    if (!inserted) return it->second;
    for (const CodeAddress frame : stack.frames) {
      for (const SymbolFrame& named : symbolizer_.Resolve(
               attachment_->modules().Find(frame.lookup()), frame)) {
        if (absl::StartsWith(named.function, "Own<")) {
          it->second.insert(
              absl::StrCat("owner ", named.function.substr(4, 1)));
        } else if (absl::StartsWith(named.function, "Brief")) {
          it->second.insert("brief");
        }
      }
    }
    return it->second;
  }

  Child child_;
  std::unique_ptr<Attachment> attachment_;
  Symbolizer symbolizer_;
  absl::flat_hash_map<std::vector<CodeAddress>, std::set<std::string>> owners_;
};

TEST_F(SwitchingTest, EachStackBelongsToItsGreenThread) {
  const uint64_t begin = Switches();
  std::map<std::string, int> seen;
  int running = 0;
  const auto enough = [&] {
    return Switches() - begin >= kSwitches && running >= kTimesEach &&
           seen.size() == kNames &&
           std::all_of(seen.begin(), seen.end(),
                       [](const auto& s) { return s.second >= kTimesEach; });
  };
  while (!enough()) {
    const auto look = attachment_->Look();
    ASSERT_TRUE(look.ok()) << look.status();
    for (const ThreadLook& thread : *look) {
      if (!thread.status.ok() || !thread.green) continue;
      ASSERT_EQ(thread.stack->end, StackEnd::kComplete);
      if (thread.green->id == 0) continue;  // somebody runs; not known who
      const Recording::GreenName& known =
          attachment_->green_names().at({thread.tid, thread.green->id});
      const std::string name = known.name.empty() ? "brief" : known.name;
      const std::set<std::string>& owners = OwnersOf(*thread.stack);
      ++seen[name];
      if (thread.green->state == GreenState::kRunning) {
        // On its way in or out of them it is in none.
        ++running;
        ASSERT_TRUE(owners.empty() || owners == std::set{name})
            << name << " is shown in the functions of " << *owners.begin();
      } else if (absl::StartsWith(name, "owner")) {
        ASSERT_EQ(owners, std::set{name});
      } else {
        ASSERT_EQ(owners.count("brief"), owners.size()) << name;
      }
    }
  }
}

// "sleeper" waits all the while, "spinner" runs and yields.
class RecordGreenTest : public testing::Test {
 protected:
  RecordGreenTest() : child_(Child::Exec({BUSY_GREEN})) {
    EXPECT_EQ(child_.ReadLine(), "ready");
  }

  std::string Record(std::vector<std::string> more) {
    std::vector<std::string> arguments = {
        "record", "--green", "-d", "0.5", "-p", std::to_string(child_.pid()),
        "-f",     "raw",     "-o", "-"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ToolRun run = RunHubspy(arguments);
    EXPECT_EQ(run.exit_status, 0) << run.err;
    EXPECT_THAT(run.err, HasSubstr("and up to 2 green threads"));
    return run.out;
  }

  Child child_;
};

TEST_F(RecordGreenTest, ShowsWhatGreenThreadsDo) {
  const std::string out = Record({});
  EXPECT_THAT(out, ContainsRegex("\\[running\\];.*SpinnerMain.*;BurnCpu"));
  EXPECT_THAT(out, Not(HasSubstr("SleeperMain")));
}

TEST_F(RecordGreenTest, ShowsThoseThatWaitAllTheWhileWhenAsked) {
  const std::string out = Record({"-i", "-t"});
  EXPECT_THAT(out, ContainsRegex("green thread \\([0-9]+\\): sleeper;"
                                 "\\[waiting: timer\\];.*SleeperMain"));
  EXPECT_THAT(out, ContainsRegex("green thread \\([0-9]+\\): spinner;"
                                 "\\[running\\];.*SpinnerMain"));
}

}  // namespace
}  // namespace hubspy
