// What a recording does while it is being made.

#include <signal.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/child.h"
#include "support/tool.h"

namespace hubspy {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

constexpr int kSomeLooks = 50;

int64_t SamplesIn(const std::string& folded) {
  const std::string text = FileText(folded);
  return text.empty() ? 0 : std::stoll(text.substr(text.rfind(' ')));
}

class RecordTest : public testing::Test {
 protected:
  RecordTest() { EXPECT_EQ(child_.ReadLine(), "ready"); }

  Child child_ = Child::Exec({IDLE_LOOP});
  const std::string pid_ = std::to_string(child_.pid());
};

TEST_F(RecordTest, WritesWhatThereIsOnASignalAndGoesOn) {
  const std::string file = testing::TempDir() + "so_far.folded";
  Child hubspy =
      StartHubspy({"record", "-i", "-r", "500", "-o", file, "-p", pid_});
  ASSERT_THAT(hubspy.ReadLine(), HasSubstr("Sampling process"));
  int64_t before = 0;
  for (int i = 0; i < 3; ++i) {
    AwaitSleeps(hubspy.pid(), kSomeLooks);
    kill(hubspy.pid(), SIGUSR1);
    EXPECT_THAT(hubspy.ReadLine(),
                MatchesRegex("So far: .*samples of 1 thread.* written to .*"));
    const int64_t now = SamplesIn(file);
    EXPECT_GT(now, before);
    before = now;
  }
  AwaitSleeps(hubspy.pid(), kSomeLooks);
  kill(hubspy.pid(), SIGINT);
  EXPECT_THAT(hubspy.ReadToEnd(), HasSubstr(" written to "));
  EXPECT_EQ(hubspy.Wait(), 0);
  EXPECT_GT(SamplesIn(file), before);
}

// Each piece has its own samples, and no more.
TEST_F(RecordTest, WritesANumberedFileForEachPiece) {
  const std::string file = testing::TempDir() + "piece";
  Child hubspy = StartHubspy(
      {"record", "-i", "--every", "1s", "-o", file + ".folded", "-p", pid_});
  ASSERT_THAT(hubspy.ReadLine(), HasSubstr("Sampling process"));
  for (const char* const number : {"1", "2"}) {
    const std::string name = absl::StrCat(file, ".", number, ".folded");
    EXPECT_THAT(hubspy.ReadLine(), HasSubstr(" written to " + name));
    EXPECT_GT(SamplesIn(name), 0);
    EXPECT_LE(SamplesIn(name), 101);
  }
  kill(hubspy.pid(), SIGINT);
  EXPECT_THAT(hubspy.ReadToEnd(), HasSubstr(" written to " + file + ".3."));
  EXPECT_EQ(hubspy.Wait(), 0);
}

TEST_F(RecordTest, IsQuietIfAskedTo) {
  const std::string file = testing::TempDir() + "quiet.speedscope.json";
  const ToolRun run =
      RunHubspy({"record", "-q", "-i", "-d", "0.2", "-o", file, "-p", pid_});
  EXPECT_EQ(run.exit_status, 0);
  EXPECT_EQ(run.err, "");
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(FileText(file), HasSubstr("\"exporter\":\"hubspy "));
}

}  // namespace
}  // namespace hubspy
