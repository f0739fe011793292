// JavaScript that node compiled, by the names that it writes down for perf.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/child.h"
#include "support/tool.h"

namespace hubspy {
namespace {

// Recursive, so that it stays a call after optimization; says when it is
// compiled, or at least as warm as it gets.
constexpr char kScript[] =
    "function addDown(n) { return n ? addDown(n - 1) + addDown(n - 1) : 1; }\n"
    "function spinForEver() { for (;;) addDown(12); }\n"
    "for (let i = 0; i < 200; ++i) addDown(10);\n"
    "require('fs').writeSync(1, 'ready\\n');\n"
    "spinForEver();\n";

class NodeNames : public testing::TestWithParam<std::vector<std::string>> {};

TEST_P(NodeNames, StacksOfJavaScriptReadFromTheCallerDown) {
  if (access("/usr/bin/node", X_OK) != 0 &&
      Child::Exec({"sh", "-c", "command -v node"}).Wait() != 0) {
    GTEST_SKIP() << "there is no node here";
  }
  // It leaves a log where it runs.
  std::string folder = testing::TempDir() + "node_XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  std::vector<std::string> argv = {"env", "-C", folder, "node",
                                   "--perf-basic-prof"};
  argv.insert(argv.end(), GetParam().begin(), GetParam().end());
  argv.insert(argv.end(), {"-e", kScript});
  Child node = Child::Exec(argv);
  ASSERT_EQ(node.ReadLine(), "ready");
  const std::string pid = std::to_string(node.pid());
  const ToolRun run = RunHubspy(
      {"record", "-p", pid, "-o", "-", "-f", "raw", "-d", "1", "--nolineno"});
  unlink(absl::StrCat("/tmp/perf-", pid, ".map").c_str());
  std::filesystem::remove_all(folder);
  ASSERT_EQ(run.exit_status, 0) << run.err;
  int samples = 0, named = 0;
  for (const absl::string_view line :
       absl::StrSplit(run.out, '\n', absl::SkipEmpty())) {
    // node's other threads, which compile.
    if (absl::StrContains(line, "start_thread")) continue;
    const size_t blank = line.rfind(' ');
    const int count = std::stoi(std::string(line.substr(blank + 1)));
    samples += count;
    // "JS:*addDown [eval]:1:17 (perf-7.map)": * optimized, ~ interpreted, ^ or
    // + in between.
    const size_t inner = line.find("addDown [eval]:1:17");
    const size_t file = line.find(absl::StrCat("(perf-", pid, ".map)"));
    if (inner != absl::string_view::npos && file != absl::string_view::npos) {
      named += count;
    }
  }
  EXPECT_GT(samples, 20) << run.err;
  EXPECT_GT(named, samples * 9 / 10) << run.out;
}

INSTANTIATE_TEST_SUITE_P(
    Interpreter, NodeNames,
    testing::Values(std::vector<std::string>{},
                    std::vector<std::string>{
                        "--interpreted-frames-native-stack"}),
    [](const auto& test) {
      return test.param.empty() ? "AsItIs" : "WithFramesOfItsOwn";
    });

}  // namespace
}  // namespace hubspy
