#include "green/poller.h"

#include <sys/syscall.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <thread>

#include "green/clock.h"
#include "gtest/gtest.h"
#include "runtime/hub_testing.h"
#include "support/forbid_system_call.h"

namespace green::internal {
namespace {

int64_t DurationOfWait(Poller& poller, int64_t timeout_ns) {
  const int64_t before_ns = MonotonicNanoseconds();
  poller.Wait(timeout_ns);
  return MonotonicNanoseconds() - before_ns;
}

TEST(Poller, WaitsNoShorterThanItWasTold) {
  const std::unique_ptr<Poller> poller = MakePoller();
  EXPECT_GE(DurationOfWait(*poller, 1'500'000), 1'500'000);
}

TEST(Poller, WaitsNoShorterOnAKernelThatKnowsOnlyMilliseconds) {
  OnFreshThread([] {
    hubspy::ForbidSystemCall(SYS_epoll_pwait2, ENOSYS);
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
