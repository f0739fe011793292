// What dump tells of green threads that wait in every way there is, beside what
// the program itself says of them.
#include <time.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "support/child.h"
#include "support/tool.h"

namespace hubspy {
namespace {

using nlohmann::json;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

double NowSeconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) +
         static_cast<double>(now.tv_nsec) / 1e9;
}

class DumpTest : public testing::Test {
 protected:
  DumpTest() : child_(Child::Exec({WAITS})) {
    for (std::string line = child_.ReadLine(); line != "ready";
         line = child_.ReadLine()) {
      const json said = json::parse(line, nullptr, false);
      if (said.is_discarded()) {
        ADD_FAILURE() << "not what was expected: " << line;
        return;
      }
      if (!said.contains("id")) {
        begun_s_ = said["begun_ns"].get<double>() / 1e9;
        ready_s_ = said["ready_ns"].get<double>() / 1e9;
      } else if (said["waiting_for"] != "") {
        waits_[said["id"]] = said;
      }
    }
  }

  json Dump(const std::vector<std::string>& more) {
    const ToolRun run = Run(more, {"--json"});
    return json::parse(run.out);
  }
  std::string Text(const std::vector<std::string>& more) {
    return Run(more, {}).out;
  }

  Child child_;
  std::map<uint64_t, json> waits_;  // what the program says, by id
  double begun_s_ = 0;
  double ready_s_ = 0;

 private:
  ToolRun Run(const std::vector<std::string>& more,
              std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {"dump", "-p", std::to_string(child_.pid())});
    arguments.insert(arguments.end(), more.begin(), more.end());
    ToolRun run = RunHubspy(arguments);
    EXPECT_EQ(run.exit_status, 0) << run.err;
    return run;
  }
};

TEST_F(DumpTest, TellsOfEachWaitWhatTheProgramSays) {
  const json dump = Dump({"--distinct"});
  size_t found = 0;
  for (const json& green : dump["green_threads"]) {
    const auto known = waits_.find(green["id"]);
    if (known == waits_.end()) continue;
    ++found;
    const json& said = known->second;
    EXPECT_EQ(green["name"], said["name"]);
    EXPECT_EQ(green["hub_tid"], child_.pid());
    EXPECT_EQ(green["state"], "waiting") << green;
    EXPECT_EQ(green["waiting_for"], said["waiting_for"]) << green;
    EXPECT_EQ(green.value("needs", 0), said.value("needs", 0)) << green;
    EXPECT_EQ(green.contains("due_in_seconds"),
              said.contains("hours") || said["waiting_for"] == "timer")
        << green;
    const json site = dump["spawn_sites"][green["spawn_site"].get<size_t>()];
    EXPECT_THAT(std::string(site["file"]), HasSubstr("waits.cc"));
    EXPECT_EQ(site["line"], said["line"]) << green;
    if (said.contains("fd")) {
      EXPECT_EQ(green["fd"]["number"], said["fd"]);
      EXPECT_EQ(green["fd"]["what"], said["what"]);
      EXPECT_EQ(green["to"], said["to"]);
      EXPECT_EQ(green["fd"][said["to"] == "read" ? "readable" : "writable"],
                false);
    }
    const json& stack = dump["stacks"][green["stack"].get<size_t>()];
    EXPECT_FALSE(stack.contains("cut_short")) << green;
    EXPECT_EQ(stack["frames"].back()["function"], "green_start_context");
  }
  EXPECT_EQ(found, waits_.size());
}

TEST_F(DumpTest, TellsSinceWhenAndUntilWhen) {
  const double before_s = NowSeconds();
  const json dump = Dump({});
  const double after_s = NowSeconds();
  for (const json& green : dump["green_threads"]) {
    const double since_s = green["last_run_seconds_ago"];
    EXPECT_GE(since_s, before_s - ready_s_) << green;
    EXPECT_LE(since_s, after_s - begun_s_) << green;
    if (!green.contains("due_in_seconds")) continue;
    const double due_s = green["due_in_seconds"];
    EXPECT_GE(due_s, 3600 - (after_s - begun_s_)) << green;
    EXPECT_LE(due_s, 3600 - (before_s - ready_s_)) << green;
  }
  EXPECT_EQ(dump["hubs"][0]["clock_rate"], 1);
}

TEST_F(DumpTest, WhoWaitsForTheSameIsToldByTheSameObject) {
  std::map<std::string, std::set<std::string>> objects;
  const json dump = Dump({});
  for (const json& green : dump["green_threads"]) {
    if (green.contains("object")) {
      objects[green["name"]].insert(green["object"].get<std::string>());
    }
  }
  EXPECT_EQ(objects["taker"].size(), 1u);
  EXPECT_EQ(objects["event"], objects["late"]);
  EXPECT_NE(objects["event"], objects["taker"]);
}

TEST_F(DumpTest, TextSaysTheSameInWords) {
  const std::string text = Text({});
  EXPECT_THAT(text,
              ContainsRegex("Green thread [0-9]+ \\(waiting for the end of "
                            "green thread [0-9]+ \\(sleeper\\), for [0-9.]+ "
                            "m?u?s\\): \"joiner\" of hub [0-9]+\n"));
  EXPECT_THAT(text, ContainsRegex("waiting for mutex 0x[0-9a-f]+, held by "
                                  "green thread [0-9]+ \\(holder\\), for "));
  EXPECT_THAT(text, ContainsRegex("waiting for fd [0-9]+ to write, for "));
  EXPECT_THAT(text, ContainsRegex("\n  fd [0-9]+: TCP 127.0.0.1:[0-9]+ to "
                                  "127.0.0.1:[0-9]+\n"));
  EXPECT_THAT(text, ContainsRegex("due in 60 minutes\\): \"sleeper\""));
  EXPECT_THAT(text, ContainsRegex("\n3 green threads \\(waiting for queue "
                                  "0x[0-9a-f]+, for .*\\): \"taker\""));
  EXPECT_THAT(text, ContainsRegex("\n  ids [0-9]+, [0-9]+ and [0-9]+\n"));
  EXPECT_THAT(text, ContainsRegex("\n  spawned in main \\(waits.cc:[0-9]+\\) "
                                  "by the thread's own code\n"));
}

TEST_F(DumpTest, AllShowsEachByItself) {
  const std::string text = Text({"--all"});
  size_t takers = 0;
  for (size_t at = text.find("\"taker\""); at != std::string::npos;
       at = text.find("\"taker\"", at + 1)) {
    ++takers;
  }
  EXPECT_EQ(takers, 3u);
  const json dump = Dump({});
  for (const json& green : dump["green_threads"]) {
    EXPECT_FALSE(green["frames"].empty()) << green;
    EXPECT_TRUE(green["spawned_at"].contains("function")) << green;
  }
}

TEST_F(DumpTest, OfOnesThatAreWatchedTimesAddUp) {
  const json dump = Dump({"-d", "0.2"});
  const double watched_s = dump["watched_seconds"];
  EXPECT_GE(watched_s, 0.2);
  for (const json& green : dump["green_threads"]) {
    EXPECT_EQ(green["busy_seconds"], 0);
    EXPECT_EQ(green["ready_seconds"], 0);
    EXPECT_GE(green["waiting_seconds"], 0.2) << green;
    EXPECT_LE(green["waiting_seconds"], watched_s) << green;
  }
}

// "spinner" runs and yields; "sleeper" waits. More looks see it running than
// not, in whatever time that is.
TEST(DumpOfABusyHub, TellsWhoHadIt) {
  Child busy = Child::Exec({BUSY_GREEN});
  ASSERT_EQ(busy.ReadLine(), "ready");
  const ToolRun run = RunHubspy(
      {"dump", "-d", "0.5", "--json", "-p", std::to_string(busy.pid())});
  ASSERT_EQ(run.exit_status, 0) << run.err;
  std::map<std::string, json> greens;
  const json dump = json::parse(run.out);
  for (const json& green : dump["green_threads"]) {
    greens[green["name"]] = green;
  }
  EXPECT_GT(greens["spinner"]["busy_seconds"],
            greens["spinner"]["waiting_seconds"]);
  EXPECT_GT(greens["spinner"]["busy_seconds"],
            greens["spinner"]["ready_seconds"]);
  EXPECT_EQ(greens["sleeper"]["busy_seconds"], 0);
}

// The oracle is Debian's python3-jsonschema.
TEST_F(DumpTest, JsonIsAsItsSchemaSays) {
  const std::string pid = std::to_string(child_.pid());
  const char* const kCheck =
      "import json, jsonschema, subprocess, sys\n"
      "schema = json.load(open(sys.argv[1]))\n"
      "jsonschema.Draft202012Validator.check_schema(schema)\n"
      "text = subprocess.run(sys.argv[2:], stdout=subprocess.PIPE,\n"
      "                      check=True).stdout\n"
      "jsonschema.validate(json.loads(text), schema,\n"
      "                    jsonschema.Draft202012Validator)\n"
      "print('valid')\n";
  for (const std::vector<std::string>& more :
       std::vector<std::vector<std::string>>{
           {}, {"--distinct"}, {"-d", "0.01"}}) {
    std::vector<std::string> command = {"/usr/bin/python3", "-c",   kCheck,
                                        DUMP_SCHEMA,        HUBSPY, "dump",
                                        "--json",           "-p",   pid};
    command.insert(command.end(), more.begin(), more.end());
    EXPECT_EQ(Child::Exec(command).ReadToEnd(), "valid\n");
  }
}

}  // namespace
}  // namespace hubspy
