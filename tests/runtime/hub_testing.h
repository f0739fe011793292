// What tests of hubs share: a thread of one's own, and time that passes when a
// hub waits.
#ifndef HUBSPY_TESTS_RUNTIME_HUB_TESTING_H_
#define HUBSPY_TESTS_RUNTIME_HUB_TESTING_H_

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <thread>

#include "green/green.h"

namespace green {

inline constexpr int64_t kSecondNs = 1'000'000'000;

// Runs `body` on a thread that has no hub yet, and rethrows what it throws.
inline void OnFreshThread(const std::function<void()>& body) {
  std::exception_ptr thrown;
  std::thread([&] {
    try {
      body();
    } catch (...) {
      thrown = std::current_exception();
    }
  }).join();
  if (thrown != nullptr) std::rethrow_exception(thrown);
}

// Instead of waiting, lets exactly that much time pass on a counter, which is
// the world's time whatever a hub's clock makes of it. File descriptors are
// real: while one is ready that a hub waits for, no time passes.
class SimulatedPoller final : public Poller {
 public:
  explicit SimulatedPoller(SimulatedClock& counter) : counter_(counter) {}

  // Called before each wait.
  std::function<void()> on_wait = [] {};

  void Wait(int64_t timeout_ns) override {
    fds_->Wait(0);
    if (timeout_ns == 0 || !fds_->Events().empty()) return;
    on_wait();
    ++waits_;
    const int64_t until_ns = counter_.Read().now_ns + timeout_ns;
    counter_.AdvanceTo(counter_.timebase().FirstTickAt(until_ns));
  }
  void Wake() override {}
  std::span<const FdEvent> Events() const override { return fds_->Events(); }
  void WatchChanges(int fd, uint64_t tag, uint32_t interest) override {
    fds_->WatchChanges(fd, tag, interest);
  }
  Watched WatchOnce(int fd, uint64_t tag, uint32_t interest) override {
    return fds_->WatchOnce(fd, tag, interest);
  }
  void Unwatch(int fd) override { fds_->Unwatch(fd); }

  // That took time.
  int64_t waits() const { return waits_; }

 private:
  SimulatedClock& counter_;
  const std::unique_ptr<Poller> fds_ = internal::MakePoller();
  int64_t waits_ = 0;
};

// The same on a thread of its own, whose hub lives in simulated time.
struct SimulatedTime {
  SimulatedClock clock = SimulatedClock::ByHand(Timebase(), 0);
  SimulatedPoller poller{clock};
};

inline void InSimulatedTime(const std::function<void(SimulatedTime&)>& body) {
  SimulatedTime time;
  OnFreshThread([&] {
    Hub::Configure({.clock = &time.clock, .poller = &time.poller});
    body(time);
  });
}

}  // namespace green

#endif  // HUBSPY_TESTS_RUNTIME_HUB_TESTING_H_
