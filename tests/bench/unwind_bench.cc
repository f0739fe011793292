// What a frame costs. Counter `frame` is the time per frame.
#include <benchmark/benchmark.h>
#include <ucontext.h>
#include <unistd.h>

#include "profiler/unwind/live_capture.h"
#include "unwind/unwinder.h"

namespace hubspy {
namespace {

struct Snapshot {
  Registers registers;
  MemoryCopy stack;
};

__attribute__((noinline)) Snapshot CaptureAtDepth(int depth) {
  if (depth > 0) {
    Snapshot snapshot = CaptureAtDepth(depth - 1);
    benchmark::DoNotOptimize(snapshot);
    return snapshot;
  }
  ucontext_t context;
  getcontext(&context);
  Snapshot snapshot;
  snapshot.registers = RegistersOf(context);
  snapshot.stack = CopyStack(getpid(), snapshot.registers.sp(), 64 * 1024);
  return snapshot;
}

void BM_Unwind(benchmark::State& state) {
  const Snapshot snapshot = CaptureAtDepth(static_cast<int>(state.range(0)));
  const ModuleMap modules = ReadModules(getpid());
  Unwinder unwinder(modules);
  size_t frames = 0;
  for (auto _ : state) {
    frames += unwinder.Unwind(snapshot.registers, snapshot.stack).frames.size();
  }
  state.counters["frame"] = benchmark::Counter(
      static_cast<double>(frames),
      benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(BM_Unwind)->Arg(0)->Arg(20)->Arg(200);

// The copy alone: 64 KiB moved to where libunwind can read it.
void BM_StackWindow(benchmark::State& state) {
  const MemoryCopy copy{
      .begin = Address(0x7ffc00000000),
      .bytes = std::vector<std::byte>(static_cast<size_t>(state.range(0)))};
  for (auto _ : state) {
    StackWindow window(copy);
    benchmark::DoNotOptimize(window);
  }
}
BENCHMARK(BM_StackWindow)->Arg(4 * 1024)->Arg(64 * 1024);

}  // namespace
}  // namespace hubspy

BENCHMARK_MAIN();
