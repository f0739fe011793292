// What a thread's system call waits for, while it is in it and when it has
// left.
#include "target/kernel_view.h"

#include <sys/syscall.h>
#include <time.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "gtest/gtest.h"
#include "support/child.h"

namespace hubspy {
namespace {

// A fork has its memory where we have ours.
class OwnMemory final : public Memory {
 public:
  size_t Read(Address from, absl::Span<std::byte> into) const override {
    std::memcpy(into.data(), reinterpret_cast<const void*>(from.value()),
                into.size());
    return into.size();
  }
};

constexpr timespec kNeverTime = {.tv_sec = 4'000'000'000, .tv_nsec = 0};

SystemCall SleepUntilNever() {
  return {SYS_clock_nanosleep,
          {CLOCK_REALTIME, TIMER_ABSTIME,
           reinterpret_cast<uint64_t>(&kNeverTime), 0, 0, 0}};
}

Child ChildIn(const SystemCall& call) {
  Child child = Child::Fork([&](ChildPipes&) {
    const auto& a = call.arguments;
    syscall(call.number, a[0], a[1], a[2], a[3], a[4], a[5]);
    return 0;
  });
  AwaitSystemCall(child.pid(), call.number);
  return child;
}

TEST(KernelView, ACallThatAThreadIsInIsToldWithWhatItsArgumentsPointTo) {
  const Child child = ChildIn(SleepUntilNever());
  const auto kernel = KernelView::Open(child.pid());
  ASSERT_TRUE(kernel.ok());
  EXPECT_EQ(
      (*kernel)->Explain(child.pid(), SleepUntilNever(), OwnMemory()).text,
      "clock_nanosleep(until 4000000000.000 s)");
}

TEST(KernelView, OfACallThatAThreadHasLeftOnlyWhatItsRegistersSaid) {
  const Child child = ChildIn({kPause, {}});
  const auto kernel = KernelView::Open(child.pid());
  ASSERT_TRUE(kernel.ok());
  EXPECT_EQ(
      (*kernel)->Explain(child.pid(), SleepUntilNever(), OwnMemory()).text,
      "clock_nanosleep(until ?)");
}

}  // namespace
}  // namespace hubspy
