// Processes that start others, and that become others.

#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/child.h"
#include "support/tool.h"
#include "target/process_tree.h"

namespace hubspy {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// The samples in a raw file, by their root and another frame.
int64_t Samples(const std::string& file, const std::string& root,
                const std::string& frame) {
  std::ifstream lines(file);
  std::string line;
  int64_t samples = 0;
  while (std::getline(lines, line)) {
    if (!absl::StartsWith(line, root) || !absl::StrContains(line, frame)) {
      continue;
    }
    samples += std::stoll(line.substr(line.rfind(' ')));
  }
  return samples;
}

// Looks that are enough to notice a child, or an exec.
constexpr int kNoticed = 200;  // at 500 a second

TEST(Record, FollowsChildrenAndExecs) {
  const std::string file = testing::TempDir() + "family.folded";
  Child family = Child::Exec({FAMILY});
  family.WriteLine("fork");
  const std::string first = family.ReadLine();
  Child hubspy = StartHubspy({"record", "-s", "-i", "-r", "500", "-o", file,
                              "-p", std::to_string(family.pid())});
  ASSERT_THAT(hubspy.ReadLine(), HasSubstr("Sampling process"));
  AwaitSleeps(hubspy.pid(), kNoticed);
  family.WriteLine("fork");
  const std::string second = family.ReadLine();
  AwaitSleeps(hubspy.pid(), kNoticed);
  family.WriteLine("exec");
  ASSERT_EQ(family.ReadLine(), "another");
  AwaitSleeps(hubspy.pid(), kNoticed);
  family.CloseWriteEnd();
  const std::string said = hubspy.ReadToEnd();
  EXPECT_EQ(hubspy.Wait(), 0) << said;

  const std::string process = absl::StrCat("process (", family.pid(), "): ");
  EXPECT_GT(Samples(file, process, "ReadCommand"), 0);
  EXPECT_GT(Samples(file, process + "another another;", "SpinAfterExec"), 0);
  EXPECT_GT(
      Samples(file, absl::StrCat("process (", first, "): "), "SpinInChild"), 0);
  EXPECT_GT(
      Samples(file, absl::StrCat("process (", second, "): "), "SpinInChild"),
      0);
  EXPECT_EQ(Samples(file, process, "SpinInChild"), 0);
}

TEST(Record, LeavesChildrenAloneUnlessAsked) {
  const std::string file = testing::TempDir() + "alone.folded";
  Child family = Child::Exec({FAMILY});
  family.WriteLine("fork");
  family.ReadLine();
  const ToolRun run = RunHubspy({"record", "-i", "-d", "0.2", "-o", file, "-p",
                                 std::to_string(family.pid())});
  EXPECT_EQ(run.exit_status, 0) << run.err;
  EXPECT_GT(Samples(file, "", "ReadCommand"), 0);
  EXPECT_EQ(Samples(file, "", "SpinInChild"), 0);
  EXPECT_EQ(Samples(file, "process (", ""), 0);
}

TEST(ProcessTree, FindsDescendantsOnce) {
  Child family = Child::Exec({FAMILY});
  ProcessTree tree(family.pid());
  EXPECT_THAT(tree.FindNew(), IsEmpty());
  family.WriteLine("fork");
  const int first = std::stoi(family.ReadLine());
  EXPECT_THAT(tree.FindNew(), ElementsAre(first));
  EXPECT_THAT(tree.FindNew(), IsEmpty());
  family.WriteLine("fork");
  const int second = std::stoi(family.ReadLine());
  EXPECT_THAT(tree.FindNew(), ElementsAre(second));
}

TEST(ProcessTree, FindsGrandchildren) {
  Child shell = Child::Exec(
      {"sh", "-c", "sh -c 'sleep 3600 & echo $!; read x; kill $!'; :"});
  const int sleeping = std::stoi(shell.ReadLine());
  ProcessTree tree(shell.pid());
  const auto found = tree.FindNew();
  EXPECT_THAT(found, Contains(sleeping));
  EXPECT_THAT(found, Not(Contains(shell.pid())));
  shell.WriteLine("end");
  shell.Wait();
}

}  // namespace
}  // namespace hubspy
