// HubOptions::spin, on a clock that goes on by a little each time it is read.
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "green/green.h"
#include "gtest/gtest.h"
#include "runtime/hub_testing.h"
#include "runtime/net_testing.h"

namespace green {
namespace {

using testing::ElementsAre;

constexpr int64_t kReadNs = 100;

class SteppingClock final : public Clock {
 public:
  ClockReading Read() override {
    now_ns += kReadNs;
    return {.ticks = now_ns, .timebase = Timebase(), .now_ns = now_ns};
  }
  int64_t now_ns = 0;
};

// The operating system's way: late by 50 us.
class LatePoller final : public Poller {
 public:
  explicit LatePoller(SteppingClock& clock) : clock_(clock) {}
  void Wait(int64_t timeout_ns) override {
    if (timeout_ns == 0) {
      ++looks;
      on_look();
      fds_->Wait(0);
      return;
    }
    waits.push_back(timeout_ns);
    clock_.now_ns += timeout_ns + 50'000;
  }
  void Wake() override {}
  std::span<const FdEvent> Events() const override { return fds_->Events(); }
  Watched WatchOnce(int fd, uint64_t tag, uint32_t interest) override {
    return fds_->WatchOnce(fd, tag, interest);
  }
  void Unwatch(int fd) override { fds_->Unwatch(fd); }

  std::vector<int64_t> waits;
  std::function<void()> on_look = [] {};
  int looks = 0;

 private:
  SteppingClock& clock_;
  const std::unique_ptr<Poller> fds_ = internal::MakePoller();
};

struct Spinning {
  SteppingClock clock;
  LatePoller poller{clock};

  void Run(absl::Duration spin, const std::function<void()>& body) {
    OnFreshThread([&] {
      Hub::Configure({.clock = &clock, .poller = &poller, .spin = spin});
      body();
    });
  }
};

TEST(Spin, WakesToTheMicrosecond) {
  Spinning spinning;
  spinning.Run(absl::Microseconds(80), [&] {
    const int64_t before_ns = spinning.clock.now_ns;
    Sleep(absl::Milliseconds(1));
    const int64_t late_ns = spinning.clock.now_ns - before_ns - 1'000'000;
    EXPECT_GE(late_ns, 0);
    EXPECT_LT(late_ns, 1000);
  });
  ASSERT_EQ(spinning.poller.waits.size(), 1u);
  EXPECT_LT(spinning.poller.waits[0], 1'000'000 - 80'000);
  EXPECT_GT(spinning.poller.looks, 100);
}

TEST(Spin, IsNotUnlessAskedFor) {
  Spinning spinning;
  spinning.Run(absl::ZeroDuration(), [&] { Sleep(absl::Milliseconds(1)); });
  EXPECT_EQ(spinning.poller.waits.size(), 1u);
  EXPECT_EQ(spinning.poller.looks, 0);
}

TEST(Spin, EndsWhenAnFdIsReady) {
  Spinning spinning;
  spinning.Run(absl::Milliseconds(5), [&] {
    Pipe pipe;
    int64_t told_ns = 0;
    SpawnN([&] {
      WaitReadable(pipe.read_end());
      told_ns = spinning.clock.now_ns;
    });
    spinning.poller.on_look = [&] {
      if (spinning.poller.looks == 10) pipe.Put("x");
    };
    Sleep(absl::Milliseconds(1));
    EXPECT_GT(told_ns, 0);
    EXPECT_LT(told_ns, 10'000);
  });
}

TEST(Spin, EndsWhenAnotherThreadPosts) {
  Spinning spinning;
  spinning.Run(absl::Milliseconds(5), [&] {
    std::vector<int64_t> told_ns;
    spinning.poller.on_look = [&, hub = Hub::Current().Remote()] {
      if (spinning.poller.looks == 10) {
        hub.Post([&] { told_ns.push_back(spinning.clock.now_ns); });
      }
    };
    Sleep(absl::Milliseconds(1));
    ASSERT_EQ(told_ns.size(), 1u);
    EXPECT_LT(told_ns[0], 10'000);
  });
}

TEST(Spin, EndsWhenTheHubIsStopped) {
  Spinning spinning;
  spinning.Run(absl::Milliseconds(5), [&] {
    spinning.poller.on_look = [&] {
      if (spinning.poller.looks == 10) Hub::Current().Stop();
    };
    EXPECT_THROW(Sleep(absl::Milliseconds(1)), HubStopped);
    EXPECT_LT(spinning.clock.now_ns, 10'000);
  });
}

}  // namespace
}  // namespace green
