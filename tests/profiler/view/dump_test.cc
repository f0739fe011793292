#include "view/dump.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace hubspy {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

Dump SomeDump() {
  return {
      .pid = 7,
      .command = "./seed",
      .threads = {{.tid = 7,
                   .name = "seed",
                   .state = ThreadState::kSleeping,
                   .stack = {.frames = {{.function = "epoll_wait",
                                         .module = "/lib/libc.so.6",
                                         .address = Address(0xabc)},
                                        {.function = "main",
                                         .file = "/src/seed.cc",
                                         .line = 9,
                                         .inlined = true}}}},
                  {.tid = 8, .name = "w", .problem = "gdb traces it"}},
      .hubs = {{.tid = 7}},
      .green_threads = {{.view = {.hub_tid = 7,
                                  .id = 3,
                                  .name = "foo",
                                  .state = GreenState::kWaiting,
                                  .waiting_for = WaitReason::kFd,
                                  .fd = 5,
                                  .switches = 2},
                         .stack = 0}},
      .stacks = {{.frames = {{.function = "Echo"}}, .end = StackEnd::kFault}}};
}

TEST(DumpText, ShowsEachThreadAndGreenThreadWithItsStack) {
  EXPECT_EQ(RenderDumpText(SomeDump(), {}),
            R"(Process 7: ./seed
1 green thread: 1 waiting

Thread 7 (sleeping): "seed"
    epoll_wait (libc.so.6)
    main (seed.cc:9) [inlined]

Thread 8 (running): "w"
    gdb traces it

Green thread 3 (waiting for fd 5): "foo" of hub 7
    Echo
    ... cut short: unwinder fault

1 of 3 stacks cut short: 1 unwinder fault
)");
}

TEST(Dump, SaysWhoMadeItWhereWhenAndHow) {
  Dump dump{.made = {.version = "0.1.0",
                     .command_line = "hubspy dump -p 7",
                     .host = "shop1, Linux",
                     .begin_unix_ns = 1'000'000'000'500'000'000},
            .pid = 7,
            .command = "./x"};
  EXPECT_EQ(RenderDumpText(dump, {}),
            "Process 7: ./x\nhubspy 0.1.0 on shop1, Linux, "
            "2001-09-09T01:46:40.500Z: hubspy dump -p 7\n");
  EXPECT_EQ(json::parse(RenderDumpJson(dump, {}))["made"], json::parse(R"({
      "hubspy": "0.1.0", "command_line": "hubspy dump -p 7",
      "host": "shop1, Linux", "time": "2001-09-09T01:46:40.500Z"})"));
}

TEST(DumpText, NamesCannotDriveTheTerminal) {
  Dump dump{.pid = 1, .command = "a\x1b[2Jb"};
  dump.threads.push_back({.tid = 1, .name = "\x1b]0;x\x07"});
  EXPECT_THAT(RenderDumpText(dump, {}), Not(HasSubstr("\x1b")));
}

TEST(DumpJson, HasTheDocumentedFieldsAndLeavesOutWhatIsNotKnown) {
  const json dump = json::parse(RenderDumpJson(SomeDump(), {.distinct = true}));
  EXPECT_EQ(dump, json::parse(R"({
    "schema": "hubspy.dump/2", "pid": 7, "command": "./seed",
    "threads": [
      {"tid": 7, "name": "seed", "state": "sleeping", "frames": [
        {"function": "epoll_wait", "module": "/lib/libc.so.6",
         "address": "0xabc", "inlined": false},
        {"function": "main", "file": "/src/seed.cc", "line": 9,
         "address": "0x0", "inlined": true}]},
      {"tid": 8, "name": "w", "state": "running", "frames": [],
       "problem": "gdb traces it"}],
    "hubs": [{"tid": 7, "clock_rate": 1.0}],
    "green_threads": [
      {"id": 3, "name": "foo", "hub_tid": 7, "state": "waiting",
       "waiting_for": "fd", "fd": {"number": 5}, "switches": 2, "stack": 0}],
    "stacks": [{"cut_short": "unwinder fault", "frames": [
        {"function": "Echo", "address": "0x0", "inlined": false}]}],
    "spawn_sites": [],
    "cut_short": {"unwinder fault": 1}})"));
}

TEST(DumpJson, FramesAreInPlaceUnlessAskedForOtherwise) {
  const json dump = json::parse(RenderDumpJson(SomeDump(), {}));
  EXPECT_EQ(dump["schema"], "hubspy.dump/1");
  EXPECT_FALSE(dump.contains("stacks"));
  EXPECT_EQ(dump["green_threads"][0], json::parse(R"({
      "id": 3, "name": "foo", "hub_tid": 7, "state": "waiting",
      "waiting_for": "fd", "fd": {"number": 5}, "switches": 2,
      "cut_short": "unwinder fault", "frames": [
        {"function": "Echo", "address": "0x0", "inlined": false}]})"));
}

TEST(DumpOfADeepStack, SaysHowManyFramesWereLeftOut) {
  Dump dump{.pid = 7, .command = "./x"};
  dump.threads = {{.tid = 7,
                   .stack = {.frames = {{.function = "f"},
                                        LeftOutMarker(99'300),
                                        {.function = "main"}}}}};
  EXPECT_EQ(RenderDumpText(dump, {}),
            "Process 7: ./x\n\nThread 7 (running)\n"
            "    f\n    [99,300 frames left out]\n    main\n");
  const json parsed = json::parse(RenderDumpJson(dump, {}));
  EXPECT_EQ(parsed["threads"][0]["frames"][1],
            json::parse(R"({"function": "[99,300 frames left out]",
                            "left_out": 99300})"));
  EXPECT_EQ(parsed["cut_short"], json::object());
}

TEST(DumpJson, NamesThatAreNotUtf8StillMakeJson) {
  Dump dump;
  dump.threads.push_back({.tid = 1, .name = "\xff\xfe"});
  EXPECT_EQ(json::parse(RenderDumpJson(dump, {}))["threads"][0]["name"],
            "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(DumpOfACore, SaysWhoTookTheSignalAndWhatIsMissing) {
  Dump dump{.pid = 7, .core = "core.7", .command = "./x"};
  dump.gaps = {"code of /x is not in the core"};
  dump.threads = {{.tid = 8,
                   .signal = SignalTaken{.name = "SIGSEGV",
                                         .fault_address = Address(0x10)}}};
  EXPECT_EQ(RenderDumpText(dump, {}),
            "Process 7: ./x\nFrom core core.7\n"
            "Note: code of /x is not in the core\n\n"
            "Thread 8 (running, took SIGSEGV at 0x10)\n");
  const json parsed = json::parse(RenderDumpJson(dump, {}));
  EXPECT_EQ(parsed["core"], "core.7");
  EXPECT_EQ(parsed["gaps"][0], "code of /x is not in the core");
  EXPECT_EQ(parsed["threads"][0]["signal"], "SIGSEGV");
  EXPECT_EQ(parsed["threads"][0]["fault_address"], "0x10");
  EXPECT_FALSE(parsed["threads"][0].contains("name"));
}

}  // namespace
}  // namespace hubspy
