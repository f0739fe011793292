#include "green/poller.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>

#include "green/clock.h"
#include "gtest/gtest.h"
#include "runtime/hub_testing.h"

namespace green::internal {
namespace {

int64_t DurationOfWait(Poller& poller, int64_t timeout_ns) {
  const int64_t before_ns = MonotonicNanoseconds();
  poller.Wait(timeout_ns);
  return MonotonicNanoseconds() - before_ns;
}

// Makes the kernel one that has no epoll_pwait2, for the calling thread.
void ForgetEpollPwait2() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_epoll_pwait2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {.len = 4, .filter = filter};
  ASSERT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL), 0);
  ASSERT_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0UL, 0UL), 0);
}

TEST(Poller, WaitsNoShorterThanItWasTold) {
  const std::unique_ptr<Poller> poller = MakePoller();
  EXPECT_GE(DurationOfWait(*poller, 1'500'000), 1'500'000);
}

TEST(Poller, WaitsNoShorterOnAKernelThatKnowsOnlyMilliseconds) {
  OnFreshThread([] {
    ForgetEpollPwait2();
    const std::unique_ptr<Poller> poller = MakePoller();
    EXPECT_GE(DurationOfWait(*poller, 1'500'000), 1'500'000);
    EXPECT_GE(DurationOfWait(*poller, 1), 1);
  });
}

TEST(Poller, IsWokenByAnEarlierWakeOnce) {
  const std::unique_ptr<Poller> poller = MakePoller();
  poller->Wake();
  poller->Wake();
  poller->Wait(INT64_MAX);
  EXPECT_GE(DurationOfWait(*poller, 1'500'000), 1'500'000);
}

TEST(Poller, IsWokenByAnotherThread) {
  const std::unique_ptr<Poller> poller = MakePoller();
  std::thread other([&] { poller->Wake(); });
  poller->Wait(INT64_MAX);
  other.join();
}

}  // namespace
}  // namespace green::internal
