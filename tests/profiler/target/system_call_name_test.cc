#include "target/system_call_name.h"

#include <sys/syscall.h>

#include <limits>

#include "gtest/gtest.h"

namespace hubspy {
namespace {

TEST(SystemCallName, IsTheKernels) {
  EXPECT_EQ(SystemCallName(SYS_epoll_pwait), "epoll_pwait");
  EXPECT_EQ(SystemCallName(SYS_read), "read");
}

TEST(SystemCallName, IsTheNumberWhereThereIsNoName) {
  EXPECT_EQ(SystemCallName(123456), "system call 123456");
  EXPECT_EQ(SystemCallName(-1), "system call -1");
  // -101 is socketcall to libseccomp, which no thread can be in.
  EXPECT_EQ(SystemCallName(-101), "system call -101");
}

// 2^32 is not read, which is 0.
TEST(SystemCallName, DoesNotCutNumbersShort) {
  EXPECT_EQ(SystemCallName(int64_t{1} << 32), "system call 4294967296");
}

}  // namespace
}  // namespace hubspy
