// A stack that cannot be walked to its end: every output says that, why, and
// how many there are.
#include <sys/syscall.h>

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "support/child.h"
#include "support/tool.h"

namespace hubspy {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class CutShort : public testing::Test {
 protected:
  CutShort() {
    EXPECT_EQ(child_.ReadLine(), "ready");
    AwaitSystemCall(child_.pid(), kPause);
  }
  std::string Output(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin() + 1,
                     {"-p", std::to_string(child_.pid())});
    const ToolRun run = RunHubspy(arguments);
    EXPECT_EQ(run.exit_status, 0) << run.err;
    return run.out;
  }

  Child child_ = Child::Exec({LOST});
};

// Of about a third of all samples: one of three threads.
constexpr char kSummary[] =
    "[0-9]+ partial \\(3[0-9].[0-9]%: [0-9]+ no unwind table\\)";

// Assembly has lines where the assembler was told to say them.
TEST_F(CutShort, IsInADump) {
  EXPECT_THAT(Output({"dump"}),
              AllOf(ContainsRegex("    Lost \\(lost[^)]*\\)\n"
                                  "    \\.\\.\\. cut short: no unwind table\n"),
                    HasSubstr("1 of 3 stacks cut short: 1 no unwind table")));
}

TEST_F(CutShort, IsInTheJsonOfADump) {
  const json dump = json::parse(Output({"dump", "--json"}));
  EXPECT_EQ(dump["threads"][0]["cut_short"], "no unwind table");
  EXPECT_EQ(dump["cut_short"], json::parse(R"({"no unwind table": 1})"));
}

TEST_F(CutShort, IsInFoldedStacksAsTheirRoot) {
  EXPECT_THAT(
      Output({"record", "-i", "-d", "0.1", "-f", "raw", "-o", "-"}),
      ContainsRegex(
          "(^|\n)\\[cut: no unwind table\\];Lost \\(lost[^)]*\\) [0-9]"));
}

TEST_F(CutShort, IsInTheFlatTables) {
  for (const std::string& table :
       {Output({"record", "-i", "-d", "0.1", "-f", "flat", "-o", "-"}),
        Output({"top", "-i", "-n", "1", "--delay", "0.1"})}) {
    EXPECT_THAT(table, HasSubstr("   [cut: no unwind table]\n"));
    EXPECT_THAT(table, ContainsRegex(kSummary));
  }
}

TEST_F(CutShort, IsInAFlameGraph) {
  EXPECT_THAT(
      Output({"record", "-i", "-d", "0.1", "-f", "flamegraph", "-o", "-"}),
      AllOf(HasSubstr("<title>[cut: no unwind table] ("),
            HasSubstr(">frames missing</text>"), ContainsRegex(kSummary)));
}

}  // namespace
}  // namespace hubspy
