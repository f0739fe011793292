// What the runtime's steps cost.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <vector>

#include "absl/time/time.h"
#include "benchmark/benchmark.h"
#include "green/context.h"
#include "green/green.h"
#include "green/stack.h"
#include "green/timer_queue.h"

namespace green {
namespace {

struct PingPong {
  uint64_t here = 0;
  uint64_t there = 0;

  static void Main(void* argument) {
    auto& self = *static_cast<PingPong*>(argument);
    for (;;) internal::SwitchContext(&self.there, self.here);
  }
};

// Two switches an iteration; the rate is of single ones.
void BareSwitch(benchmark::State& state) {
  internal::StackPool stacks(size_t{64} << 10);
  PingPong ping_pong;
  ping_pong.there = internal::PrepareContext(stacks.Acquire().end,
                                             &PingPong::Main, &ping_pong);
  for (auto _ : state) {
    internal::SwitchContext(&ping_pong.here, ping_pong.there);
  }
  state.SetItemsProcessed(2 * state.iterations());
}
BENCHMARK(BareSwitch);

// An iteration is one Yield of one of `range` green threads.
void YieldAmong(benchmark::State& state) {
  bool done = false;
  std::vector<GreenThread<void>> others;
  for (int64_t i = 1; i < state.range(0); ++i) {
    others.push_back(Spawn([&] {
      while (!done) Yield();
    }));
  }
  auto driver = Spawn([&] {
    int64_t yields = 0;
    for (auto _ : state) {
      Yield();
      yields += state.range(0);
    }
    state.SetItemsProcessed(yields);
  });
  driver.Wait();
  done = true;
  for (auto& other : others) other.Wait();
}
BENCHMARK(YieldAmong)->Arg(1)->Arg(10)->Arg(1000);

void SpawnRunWait(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(Spawn([] { return 1; }).Wait());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(SpawnRunWait);

void SpawnRunWaitInAGreenThread(benchmark::State& state) {
  Spawn([&] { SpawnRunWait(state); }).Wait();
}
BENCHMARK(SpawnRunWaitInAGreenThread);

void SpawnNInBatches(benchmark::State& state) {
  int64_t ran = 0;
  for (auto _ : state) {
    for (int i = 0; i < 100; ++i) SpawnN([&] { ++ran; });
    Yield();
  }
  state.SetItemsProcessed(ran);
}
BENCHMARK(SpawnNInBatches);

class FullTimerQueue : public benchmark::Fixture {
 public:
  void SetUp(const benchmark::State&) override {
    for (int i = 0; i < 1'000'000; ++i) {
      timers_.emplace_back(internal::Timer::Purpose::kCallBack);
      queue_.Add(timers_.back(), Deadline());
    }
    queue_.Prepare();
  }
  void TearDown(const benchmark::State&) override {
    for (internal::Timer& timer : timers_) queue_.Cancel(timer);
    timers_.clear();
  }

 protected:
  int64_t Deadline() { return static_cast<int64_t>(random_() >> 20); }
  internal::Timer& AnyTimer() { return timers_[random_() % timers_.size()]; }

  std::mt19937_64 random_{1};
  std::deque<internal::Timer> timers_;
  internal::TimerQueue queue_;
};

// A timeout that does not expire: cancelled in the turn that added it.
BENCHMARK_F(FullTimerQueue, AddAndCancel)(benchmark::State& state) {
  internal::Timer timer(internal::Timer::Purpose::kCallBack);
  for (auto _ : state) {
    queue_.Add(timer, Deadline());
    queue_.Cancel(timer);
  }
}

// The same, cancelled in a later turn.
BENCHMARK_F(FullTimerQueue, AddPrepareAndCancel)(benchmark::State& state) {
  internal::Timer timer(internal::Timer::Purpose::kCallBack);
  for (auto _ : state) {
    queue_.Add(timer, Deadline());
    queue_.Prepare();
    queue_.Cancel(timer);
  }
}

// Of timers that lie anywhere, in memory that no cache holds.
BENCHMARK_F(FullTimerQueue, CancelAnyAndAddItAgain)(benchmark::State& state) {
  for (auto _ : state) {
    internal::Timer& timer = AnyTimer();
    queue_.Cancel(timer);
    queue_.Add(timer, Deadline());
    queue_.Prepare();
  }
}

BENCHMARK_F(FullTimerQueue, FireAndAddAgain)(benchmark::State& state) {
  for (auto _ : state) {
    const int64_t first_ns = queue_.NextDeadlineNs();
    internal::Timer* const timer = queue_.PopDue(first_ns);
    queue_.Add(*timer, first_ns + Deadline());
    queue_.Prepare();
  }
}

// How late a sleep of a millisecond ends, in real time.
void SleepLateness(benchmark::State& state) {
  int64_t late_ns = 0;
  for (auto _ : state) {
    const int64_t before_ns = MonotonicNanoseconds();
    Sleep(absl::Milliseconds(1));
    late_ns += MonotonicNanoseconds() - before_ns - 1'000'000;
  }
  state.counters["late_ns"] = benchmark::Counter(
      static_cast<double>(late_ns), benchmark::Counter::kAvgIterations);
}
BENCHMARK(SleepLateness)->Iterations(300);

}  // namespace
}  // namespace green

BENCHMARK_MAIN();
