// Boost.Fiber, the yardstick for runtime_bench: the same names mean the same.
#include <boost/fiber/all.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "benchmark/benchmark.h"

namespace {

namespace fibers = boost::fibers;

// An iteration is one yield of one of `range` fibers.
void YieldAmong(benchmark::State& state) {
  bool done = false;
  std::vector<fibers::fiber> others;
  for (int64_t i = 1; i < state.range(0); ++i) {
    others.emplace_back([&] {
      while (!done) boost::this_fiber::yield();
    });
  }
  fibers::fiber driver([&] {
    int64_t yields = 0;
    for (auto _ : state) {
      boost::this_fiber::yield();
      yields += state.range(0);
    }
    state.SetItemsProcessed(yields);
  });
  driver.join();
  done = true;
  for (fibers::fiber& other : others) other.join();
}
BENCHMARK(YieldAmong)->Arg(1)->Arg(10)->Arg(1000);

void SpawnRunWait(benchmark::State& state) {
  fibers::pooled_fixedsize_stack stacks(size_t{64} << 10);
  for (auto _ : state) {
    int result = 0;
    fibers::fiber(std::allocator_arg, stacks, [&] { result = 1; }).join();
    benchmark::DoNotOptimize(result);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(SpawnRunWait);

void SpawnRunWaitInAGreenThread(benchmark::State& state) {
  fibers::fiber([&] { SpawnRunWait(state); }).join();
}
BENCHMARK(SpawnRunWaitInAGreenThread);

}  // namespace

BENCHMARK_MAIN();
