#include "target/linux/check_target.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hubspy {
namespace {

using ::testing::HasSubstr;

TEST(PermissionRemedy, FitsWhatIsInTheWay) {
  EXPECT_THAT(PermissionRemedy({.yama_scope = 3, .our_user_id = 0}),
              HasSubstr("until the next boot"));
  EXPECT_THAT(PermissionRemedy({.our_user_id = 0, .target_user_id = 1000}),
              HasSubstr("--cap-add=SYS_PTRACE"));
  EXPECT_THAT(PermissionRemedy({.our_user_id = 1000, .target_user_id = 0}),
              HasSubstr("user 0; use sudo"));
  EXPECT_THAT(
      PermissionRemedy(
          {.yama_scope = 1, .our_user_id = 1000, .target_user_id = 1000}),
      HasSubstr("sudo sysctl kernel.yama.ptrace_scope=0"));
  EXPECT_THAT(PermissionRemedy({.our_user_id = 1000, .target_user_id = 1000}),
              HasSubstr("protects itself"));
}

}  // namespace
}  // namespace hubspy
