// The whole tool on stacks 100,000 frames deep. gdb, which walks all of them
// one by one, says what both ends are and how many frames lie between.
#include <sys/syscall.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "support/child.h"
#include "support/tool.h"

namespace hubspy {
namespace {

using nlohmann::json;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr int kDepth = 100'000;
constexpr size_t kEachEnd = 512;

Child StartDeep(const std::string& what) {
  Child child = Child::Exec({DEEP, std::to_string(kDepth), what});
  EXPECT_EQ(child.ReadLine(), "ready");
  if (what == "wait") AwaitSystemCall(child.pid(), SYS_read);
  return child;
}

// Where each frame stands, innermost first. Of several that are one, inlined
// into each other, gdb shows the address of one.
std::vector<uint64_t> GdbStackOf(const Child& child) {
  Child gdb =
      Child::Exec({"gdb", "-nx", "-batch", "-p", std::to_string(child.pid()),
                   "-ex", "set width 0", "-ex", "set backtrace past-main on",
                   "-ex", "set print frame-arguments none", "-ex", "bt"},
                  {"DEBUGINFOD_URLS="});
  std::vector<uint64_t> addresses;
  while (const std::optional<std::string> line = gdb.NextLine()) {
    if (!absl::StartsWith(*line, "#")) continue;
    const size_t begin = line->find_first_not_of(' ', line->find(' '));
    if (line->compare(begin, 2, "0x") != 0) continue;
    addresses.push_back(std::stoull(line->substr(begin), nullptr, 16));
  }
  return addresses;
}

// Of the frames that are no inlined ones.
std::vector<uint64_t> Addresses(const json& frames) {
  std::vector<uint64_t> addresses;
  for (const json& frame : frames) {
    if (frame.contains("left_out") || frame["inlined"]) continue;
    addresses.push_back(
        std::stoull(frame["address"].get<std::string>(), nullptr, 16));
  }
  return addresses;
}

std::vector<std::string> Functions(const json& frames) {
  std::vector<std::string> functions;
  for (const json& frame : frames) functions.push_back(frame["function"]);
  return functions;
}

json OnlyThread(const Child& child) {
  const ToolRun run =
      RunHubspy({"dump", "-p", std::to_string(child.pid()), "--json"});
  EXPECT_EQ(run.exit_status, 0) << run.err;
  return json::parse(run.out)["threads"][0];
}

int64_t LeftOut(const json& thread) {
  int64_t left_out = 0;
  for (const json& frame : thread["frames"]) {
    left_out += frame.value("left_out", 0);
  }
  return left_out;
}

TEST(Deep, DumpOfASleepingThreadIsGdbsAtBothEnds) {
  Child child = StartDeep("wait");
  const json thread = OnlyThread(child);
  const std::vector<uint64_t> gdb = GdbStackOf(child);
  ASSERT_GT(gdb.size(), size_t{kDepth});
  EXPECT_FALSE(thread.contains("cut_short")) << thread["cut_short"];

  const std::vector<uint64_t> ours = Addresses(thread["frames"]);
  ASSERT_THAT(ours, SizeIs(2 * kEachEnd));
  EXPECT_EQ(ours.size() + static_cast<size_t>(LeftOut(thread)), gdb.size());
  std::vector<uint64_t> both_ends(gdb.begin(), gdb.begin() + kEachEnd);
  both_ends.insert(both_ends.end(), gdb.end() - kEachEnd, gdb.end());
  EXPECT_EQ(ours, both_ends);
}

TEST(Deep, DumpOfARunningThreadHasBothEnds) {
  Child child = StartDeep("spin");
  const json thread = OnlyThread(child);
  // On a busy machine it waits for a CPU now and then.
  EXPECT_THAT(thread["state"].get<std::string>(), AnyOf("running", "runnable"));
  EXPECT_FALSE(thread.contains("cut_short")) << thread["cut_short"];
  const std::vector<std::string> functions = Functions(thread["frames"]);
  EXPECT_THAT(functions, Contains(EndsWith("AtTheBottom")));
  EXPECT_THAT(functions, Contains(EndsWith("Begin")));
  EXPECT_THAT(functions, Contains("main"));
  // AtTheBottom, Down so often, Begin, main, and who called it.
  const auto frames = static_cast<int64_t>(Addresses(thread["frames"]).size()) +
                      LeftOut(thread);
  EXPECT_GT(frames, kDepth + 3);
  EXPECT_LT(frames, kDepth + 10);
}

TEST(Deep, TextSaysHowManyAreLeftOut) {
  Child child = StartDeep("wait");
  const ToolRun run = RunHubspy({"dump", "-p", std::to_string(child.pid())});
  EXPECT_THAT(run.out, ContainsRegex("\n    \\[9[89],[0-9]{3} frames left out"
                                     "\\]\n"));
  EXPECT_THAT(run.out, Not(HasSubstr("cut short")));
}

// Each stack stands on main's caller and has one marker, whose text is always
// the same.
void ExpectWholeStacks(const ToolRun& run) {
  EXPECT_EQ(run.exit_status, 0) << run.err;
  for (const auto& line : absl::StrSplit(run.out, '\n', absl::SkipEmpty())) {
    EXPECT_TRUE(absl::StartsWith(line, "_start")) << line.substr(0, 200);
    EXPECT_TRUE(absl::StrContains(line, ";[frames left out];"));
  }
  EXPECT_THAT(run.out, Not(IsEmpty()));
  EXPECT_THAT(run.err, HasSubstr("too deep to keep all frames"));
}

ToolRun Record(const Child& child, std::vector<std::string> more) {
  std::vector<std::string> arguments = {
      "record", "-p", std::to_string(child.pid()), "-d", "1", "-o", "-",
      "-f",     "raw"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return RunHubspy(arguments);
}

TEST(Deep, RecordOfASleepingThreadKeepsBothEnds) {
  Child child = StartDeep("wait");
  const ToolRun run = Record(child, {"-i"});
  ExpectWholeStacks(run);
  EXPECT_THAT(run.err, Not(HasSubstr("stop")));
}

// What is not in the copy is read after the stop.
TEST(Deep, RecordOfASpinningThreadKeepsBothEnds) {
  Child child = StartDeep("spin");
  const ToolRun run = Record(child, {"--capture", "ptrace"});
  ExpectWholeStacks(run);
  EXPECT_THAT(run.err, Not(HasSubstr("torn")));
}

// A thread that comes and goes may be torn: then it says so, and how often.
TEST(Deep, WhatIsTornIsCountedAndShown) {
  Child child = StartDeep("return");
  const ToolRun run = Record(child, {"--capture", "ptrace", "-r", "50"});
  EXPECT_EQ(run.exit_status, 0) << run.err;
  for (const auto& line : absl::StrSplit(run.out, '\n', absl::SkipEmpty())) {
    EXPECT_TRUE(absl::StartsWith(line, "_start") ||
                absl::StartsWith(line, "[cut: "))
        << line.substr(0, 200);
  }
  EXPECT_EQ(absl::StrContains(run.out, "[cut: "),
            absl::StrContains(run.err, "partial"));
}

}  // namespace
}  // namespace hubspy
