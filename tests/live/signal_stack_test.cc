// A handler on a stack of its own: what it interrupted lies on another.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/child.h"
#include "support/tool.h"

namespace hubspy {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

void ExpectBothStacks(const std::vector<std::string>& command) {
  Child child = Child::Exec(command);
  ASSERT_EQ(child.ReadLine(), "ready");
  const ToolRun dump = RunHubspy({"dump", "-p", std::to_string(child.pid())});
  EXPECT_EQ(dump.exit_status, 0) << dump.err;
  EXPECT_THAT(dump.out,
              AllOf(HasSubstr("OnOtherStack"), HasSubstr("Interrupted"),
                    HasSubstr("main"), Not(HasSubstr("too small"))));
}

TEST(SignalStack, OfAThreadAsleepIsShownWithWhatItInterrupted) {
  ExpectBothStacks({SIGNAL_STACK});
}

TEST(SignalStack, OfAThreadThatRunsIsShownWithWhatItInterrupted) {
  ExpectBothStacks({SIGNAL_STACK, "computes"});
}

}  // namespace
}  // namespace hubspy
