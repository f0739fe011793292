// A million fibers of Boost asleep, the yardstick for sleepers_green.
//
//   sleepers_fiber [COUNT [SPREAD_MS]]
#include <boost/fiber/all.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "bench/sleepers.h"

namespace {

class Fiber {
 public:
  static constexpr char kName[] = "fiber";

  // Stacks as large as green's, without guards: with them, each takes two of
  // the machine's mappings.
  template <typename F>
  void Spawn(F f) {
    boost::fibers::fiber(std::allocator_arg,
                         boost::fibers::fixedsize_stack(size_t{64} << 10),
                         std::move(f))
        .detach();
  }
  // steady_clock is CLOCK_MONOTONIC.
  void SleepUntil(int64_t deadline_ns) {
    boost::this_fiber::sleep_until(std::chrono::steady_clock::time_point(
        std::chrono::nanoseconds(deadline_ns)));
  }
  void Yield() { boost::this_fiber::yield(); }
  void WaitForGate() { gate_.wait(); }
  void OpenGate() { open_gate_.set_value(); }

 private:
  boost::fibers::promise<void> open_gate_;
  boost::fibers::shared_future<void> gate_ = open_gate_.get_future().share();
};

}  // namespace

int main(int argc, char** argv) {
  return bench::Sleepers<Fiber>(bench::ParseSleepersOptions(argc, argv)).Run();
}
