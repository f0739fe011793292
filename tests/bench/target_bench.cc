// What looking at a thread costs: us, and the thread.
//
//   build/release/tests/bench/target_bench
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "benchmark/benchmark.h"
#include "support/child.h"
#include "target/process.h"

namespace hubspy {
namespace {

Child ForkSleeping() {
  Child child = Child::Fork([](ChildPipes& parent) {
    // A stack as deep as a server's, so that there is something to copy.
    volatile char frames[16 * 1024];
    frames[0] = 0;
    for (size_t i = 0; i < sizeof(frames); i += 64) frames[i] = 1;
    parent.ReadLine();
    return frames[0];
  });
  AwaitSystemCall(child.pid(), SYS_read);
  return child;
}

void AsleepCapture(benchmark::State& state) {
  const Child child = ForkSleeping();
  const auto process = Process::Open(child.pid()).value();
  for (auto _ : state) {
    benchmark::DoNotOptimize(process->Capture({.tid = child.pid()}));
  }
}
BENCHMARK(AsleepCapture)->Unit(benchmark::kMicrosecond);

void StillAsleep(benchmark::State& state) {
  const Child child = ForkSleeping();
  const auto process = Process::Open(child.pid()).value();
  const auto first = process->Capture({.tid = child.pid()});
  const CaptureRequest request = {.tid = child.pid(),
                                  .known_sleep = (*first)->sleep};
  for (auto _ : state) {
    benchmark::DoNotOptimize(process->Capture(request));
  }
}
BENCHMARK(StillAsleep)->Unit(benchmark::kMicrosecond);

// The time is ours, with the hand over to the tracer thread; the counters are
// the microseconds for which the target was held.
void RunningCapture(benchmark::State& state) {
  const Child child = Child::Fork([](ChildPipes&) {
    for (;;) asm volatile("");
    return 0;
  });
  const auto process = Process::Open(child.pid()).value();
  std::vector<int64_t> pauses;
  for (auto _ : state) {
    const auto snapshot = process->Capture({.tid = child.pid()});
    if (snapshot.ok() && (*snapshot)->method == CaptureMethod::kPtrace) {
      pauses.push_back((*snapshot)->pause_ns);
    }
    // As a sampler does between two samples; back to back, the captures would
    // leave the target no CPU of its own to be found on.
    state.PauseTiming();
    usleep(1000);
    state.ResumeTiming();
  }
  std::sort(pauses.begin(), pauses.end());
  const auto percentile = [&](double part) {
    const auto index =
        static_cast<size_t>(part * static_cast<double>(pauses.size() - 1));
    return static_cast<double>(pauses[index]) / 1000;
  };
  if (pauses.empty()) return;
  state.counters["pause_p50_us"] = percentile(0.5);
  state.counters["pause_p99_us"] = percentile(0.99);
}
BENCHMARK(RunningCapture)->Unit(benchmark::kMicrosecond)->Iterations(2000);

void ListThreads(benchmark::State& state) {
  const Child child = ForkSleeping();
  const auto process = Process::Open(child.pid()).value();
  for (auto _ : state) benchmark::DoNotOptimize(process->Threads());
}
BENCHMARK(ListThreads)->Unit(benchmark::kMicrosecond);

void ListMappings(benchmark::State& state) {
  const Child child = ForkSleeping();
  const auto process = Process::Open(child.pid()).value();
  for (auto _ : state) benchmark::DoNotOptimize(process->Mappings());
}
BENCHMARK(ListMappings)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace hubspy

BENCHMARK_MAIN();
