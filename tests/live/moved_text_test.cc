// Text on pages of no file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/child.h"
#include "support/tool.h"

namespace hubspy {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(MovedText, IsNamedAsItsFileNamesIt) {
  Child child = Child::Exec({MOVED_TEXT});
  ASSERT_EQ(child.ReadLine(), "ready");
  const ToolRun run = RunHubspy({"dump", "-p", std::to_string(child.pid())});
  EXPECT_THAT(run.out, HasSubstr("WaitInMovedText (moved_text.cc:"));
  EXPECT_THAT(run.out, HasSubstr("_start (moved_text"));
  EXPECT_THAT(run.out, Not(HasSubstr("incomplete"))) << run.err;
}

}  // namespace
}  // namespace hubspy
