#include "view/dump.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace hubspy {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

Dump SomeDump() {
  return {.pid = 7,
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
          .green_threads = {{.view = {.hub_tid = 7,
                                      .id = 3,
                                      .name = "foo",
                                      .state = GreenState::kWaiting,
                                      .waiting_for = WaitReason::kFd,
                                      .fd = 5},
                             .stack = {.frames = {{.function = "Echo"}},
                                       .end = StackEnd::kFault}}}};
}

TEST(DumpText, ShowsEachThreadAndGreenThreadWithItsStack) {
  EXPECT_EQ(RenderDumpText(SomeDump()),
            R"(Process 7: ./seed

Thread 7 (sleeping): "seed"
    epoll_wait (libc.so.6)
    main (seed.cc:9) [inlined]

Thread 8 (running): "w"
    gdb traces it

Green thread 3 (waiting for fd 5): "foo" of hub 7
    Echo
    ... cut short: unwinder fault
)");
}

TEST(DumpText, NamesCannotDriveTheTerminal) {
  Dump dump{.pid = 1, .command = "a\x1b[2Jb"};
  dump.threads.push_back({.tid = 1, .name = "\x1b]0;x\x07"});
  EXPECT_THAT(RenderDumpText(dump), Not(HasSubstr("\x1b")));
}

TEST(DumpJson, HasTheDocumentedFieldsAndLeavesOutWhatIsNotKnown) {
  const json dump = json::parse(RenderDumpJson(SomeDump()));
  EXPECT_EQ(dump, json::parse(R"({
    "schema": "hubspy.dump/1", "pid": 7,
    "threads": [
      {"tid": 7, "name": "seed", "state": "sleeping", "frames": [
        {"function": "epoll_wait", "module": "/lib/libc.so.6",
         "address": "0xabc", "inlined": false},
        {"function": "main", "file": "/src/seed.cc", "line": 9,
         "address": "0x0", "inlined": true}]},
      {"tid": 8, "name": "w", "state": "running", "frames": [],
       "problem": "gdb traces it"}],
    "green_threads": [
      {"id": 3, "name": "foo", "hub_tid": 7, "state": "waiting",
       "waiting_for": "fd", "cut_short": "unwinder fault", "frames": [
        {"function": "Echo", "address": "0x0", "inlined": false}]}]})"));
}

TEST(DumpJson, NamesThatAreNotUtf8StillMakeJson) {
  Dump dump;
  dump.threads.push_back({.tid = 1, .name = "\xff\xfe"});
  EXPECT_EQ(json::parse(RenderDumpJson(dump))["threads"][0]["name"],
            "\xef\xbf\xbd\xef\xbf\xbd");
}

}  // namespace
}  // namespace hubspy
