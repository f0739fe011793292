// What switching and spawning cost. Beside it: fcontext_bench.cc in this
// program, and fiber_bench.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "benchmark/benchmark.h"
#include "green/context.h"
#include "green/green.h"
#include "green/stack.h"

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

}  // namespace
}  // namespace green

BENCHMARK_MAIN();
