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
  const std::pair<Reg, int> values[] = {
      {Reg::kRbx, REG_RBX}, {Reg::kRbp, REG_RBP}, {Reg::kR12, REG_R12},
      {Reg::kR13, REG_R13}, {Reg::kR14, REG_R14}, {Reg::kR15, REG_R15},
      {Reg::kRsp, REG_RSP}, {Reg::kRip, REG_RIP}};
  for (const auto& [reg, index] : values) {
    snapshot.registers.Set(
        reg, static_cast<uint64_t>(context.uc_mcontext.gregs[index]));
  }
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
