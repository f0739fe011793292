#include "cli/source_text.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace hubspy {
namespace {

class SourceTextTest : public testing::Test {
 protected:
  const std::string file_ =
      testing::TempDir() + "source_" + std::to_string(getpid());
  ~SourceTextTest() override { unlink(file_.c_str()); }
};

TEST_F(SourceTextTest, GivesLinesByNumberFromOne) {
  std::ofstream(file_) << "one\n\ttwo\n\nfour";
  SourceText sources;
  EXPECT_EQ(sources.Line(file_, 1), "one");
  EXPECT_EQ(sources.Line(file_, 2), "\ttwo");
  EXPECT_EQ(sources.Line(file_, 3), "");
  EXPECT_EQ(sources.Line(file_, 4), "four");
  EXPECT_EQ(sources.Line(file_, 5), "");
  EXPECT_EQ(sources.Line(file_, 0), "");
  EXPECT_EQ(sources.Line(file_, -1), "");
}

// Were it opened, this would wait for ever.
TEST_F(SourceTextTest, OpensNothingButRegularFiles) {
  ASSERT_EQ(mkfifo(file_.c_str(), 0600), 0);
  SourceText sources;
  EXPECT_EQ(sources.Line(file_, 1), "");
  EXPECT_EQ(sources.Line("/dev/zero", 1), "");
  EXPECT_EQ(sources.Line("/", 1), "");
  EXPECT_EQ(sources.Line("/nowhere/at/all", 1), "");
  EXPECT_EQ(sources.Line("relative.cc", 1), "");
  EXPECT_EQ(sources.Line("", 1), "");
}

TEST_F(SourceTextTest, OpensNothingThatIsTooLarge) {
  std::ofstream(file_) << "one\n";
  ASSERT_EQ(truncate(file_.c_str(), 1L << 30), 0);
  SourceText sources;
  EXPECT_EQ(sources.Line(file_, 1), "");
}

}  // namespace
}  // namespace hubspy
