#include "target/linux/perf_map_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"

namespace hubspy {
namespace {

using ::testing::HasSubstr;

// What a JIT in this very process would write.
class PerfMapFileTest : public testing::Test {
 protected:
  void SetUp() override { unlink(path_.c_str()); }
  void TearDown() override { unlink(path_.c_str()); }

  void Write(absl::string_view text, std::ios::openmode mode = std::ios::app) {
    std::ofstream(path_, mode) << text;
  }
  absl::StatusOr<PerfMapText> ReadOn() {
    const absl::StatusOr<ProcDir> directory = ProcDir::Open(getpid());
    if (!directory.ok()) return directory.status();
    return file_.ReadOn(*directory);
  }

  const std::string name_ = absl::StrCat("perf-", getpid(), ".map");
  const std::string path_ = absl::StrCat("/tmp/", name_);
  PerfMapFile file_;
};

TEST_F(PerfMapFileTest, IsNotFoundWhereThereIsNone) {
  EXPECT_TRUE(absl::IsNotFound(ReadOn().status())) << ReadOn().status();
}

TEST_F(PerfMapFileTest, GivesWhatWasAppendedSinceTheLastTime) {
  Write("1 2 a\n");
  const auto first = ReadOn();
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->file, name_);
  EXPECT_TRUE(first->from_start);
  EXPECT_EQ(first->text, "1 2 a\n");
  EXPECT_EQ(ReadOn()->text, "");
  Write("3 4 b\n");
  const auto second = ReadOn();
  EXPECT_FALSE(second->from_start);
  EXPECT_EQ(second->text, "3 4 b\n");
}

TEST_F(PerfMapFileTest, BeginsAnewWhenTheFileIsAnotherOne) {
  Write("1 2 a\n");
  ASSERT_TRUE(ReadOn().ok());
  Write("5", std::ios::trunc);
  EXPECT_TRUE(ReadOn()->from_start) << "it shrank";
  Write("1 2 long enough\n");
  ASSERT_TRUE(ReadOn().ok());
  const std::string other = path_ + ".new";
  std::ofstream(other) << "1 2 of another, even longer file\n";
  ASSERT_EQ(rename(other.c_str(), path_.c_str()), 0);
  const auto replaced = ReadOn();
  EXPECT_TRUE(replaced->from_start);
  EXPECT_EQ(replaced->text, "1 2 of another, even longer file\n");
}

TEST_F(PerfMapFileTest, FollowsNoLinkAndIsNotHeldUpByAPipe) {
  const std::string elsewhere = path_ + ".elsewhere";
  std::ofstream(elsewhere) << "1 2 a\n";
  ASSERT_EQ(symlink(elsewhere.c_str(), path_.c_str()), 0);
  EXPECT_THAT(std::string(ReadOn().status().message()),
              HasSubstr("no regular file"));
  unlink(elsewhere.c_str());
  unlink(path_.c_str());
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THAT(std::string(ReadOn().status().message()),
              HasSubstr("no regular file"));
}

TEST_F(PerfMapFileTest, ReadsNoMoreThanItsBound) {
  Write("1 2 a\n");
  const off_t bound = off_t{128} << 20;
  ASSERT_EQ(truncate(path_.c_str(), bound + 1), 0);
  ASSERT_TRUE(ReadOn().ok());
  EXPECT_TRUE(absl::IsResourceExhausted(ReadOn().status()));
}

TEST(CheckPerfMapOwner, BelievesTheTargetsUserAndRoot) {
  EXPECT_TRUE(
      CheckPerfMapOwner({.file_user_id = 7, .target_user_id = 7}, "f").ok());
  EXPECT_TRUE(
      CheckPerfMapOwner({.file_user_id = 0, .target_user_id = 7}, "f").ok());
  const absl::Status others =
      CheckPerfMapOwner({.file_user_id = 7, .target_user_id = 0}, "f");
  EXPECT_EQ(others.message(),
            "/tmp/f is ignored: it belongs to user 7, and the process to user "
            "0");
  EXPECT_FALSE(CheckPerfMapOwner({.regular_file = false}, "f").ok());
}

}  // namespace
}  // namespace hubspy
