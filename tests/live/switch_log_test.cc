// What the kernel writes down of a thread's switches.
#include "target/linux/switch_log.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <future>
#include <thread>
#include <utility>

#include "gtest/gtest.h"
#include "support/time_units.h"

namespace hubspy {
namespace {

// A thread that sleeps until it is sent a byte, and sends it back.
class Echo {
 public:
  Echo() {
    EXPECT_EQ(pipe(there_.data()), 0);
    EXPECT_EQ(pipe(back_.data()), 0);
    std::promise<ThreadId> promise;
    std::future<ThreadId> tid = promise.get_future();
    thread_ = std::thread([this, promise = std::move(promise)]() mutable {
      promise.set_value(static_cast<ThreadId>(syscall(SYS_gettid)));
      char byte = 0;
      while (read(there_[0], &byte, 1) == 1 && byte != 'q' &&
             write(back_[1], &byte, 1) == 1) {
      }
    });
    tid_ = tid.get();
  }
  ~Echo() {
    EXPECT_EQ(write(there_[1], "q", 1), 1);
    thread_.join();
    for (const int fd : {there_[0], there_[1], back_[0], back_[1]}) close(fd);
  }
  Echo(const Echo&) = delete;
  Echo& operator=(const Echo&) = delete;

  ThreadId tid() const { return tid_; }
  void Wake(int times) {
    char byte = 0;
    for (int i = 0; i < times; ++i) {
      ASSERT_EQ(write(there_[1], "x", 1), 1);
      ASSERT_EQ(read(back_[0], &byte, 1), 1);
    }
  }

 private:
  std::array<int, 2> there_{};
  std::array<int, 2> back_{};
  std::thread thread_;
  ThreadId tid_ = 0;
};

TEST(SwitchLog, CostsThoseTooMuchThatComeAndGoAllTheTime) {
  Echo echo;
  auto log = SwitchLog::Open(echo.tid());
  if (!log.ok()) GTEST_SKIP() << log.status();
  int64_t now_ns = 1000 * kMs;
  EXPECT_FALSE(log->CostsTooMuch(now_ns)) << "nothing is counted yet";
  echo.Wake(1000);
  EXPECT_FALSE(log->CostsTooMuch(now_ns += 10'000 * kMs)) << "100 a second";
  echo.Wake(1000);
  EXPECT_FALSE(log->CostsTooMuch(now_ns + kMs)) << "too short to tell";
  EXPECT_TRUE(log->CostsTooMuch(now_ns += 20 * kMs)) << "50,000 a second";
  EXPECT_FALSE(log->CostsTooMuch(now_ns += 20 * kMs)) << "none any more";
}

}  // namespace
}  // namespace hubspy
