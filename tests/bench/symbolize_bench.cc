// What naming an address costs: the first time, and every time after. Names
// this program's own code, from its own debug information.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "image/image.h"
#include "symbolize/demangle.h"
#include "symbolize/symbolizer.h"

namespace hubspy {
namespace {

LoadedModule Self() {
  LoadedModule module;
  module.module.path = "/proc/self/exe";
  module.image = Image::Open("/proc/self/exe", module.module.path).value();
  return module;
}

// Addresses all over the code, `count` of them.
std::vector<CodeAddress> Addresses(const LoadedModule& module, uint64_t count) {
  std::vector<CodeAddress> addresses;
  for (const Segment& segment : module.image->segments()) {
    if (!segment.executable) continue;
    const uint64_t step = segment.memory_size / count + 1;
    for (uint64_t at = 0; at < segment.memory_size; at += step) {
      addresses.push_back(CodeAddress::Exact(Address(segment.vaddr + at)));
    }
  }
  return addresses;
}

void OpenAndNameOne(benchmark::State& state) {
  const LoadedModule module = Self();
  const CodeAddress address = Addresses(module, 2).back();
  for (auto _ : state) {
    Symbolizer symbolizer;
    benchmark::DoNotOptimize(symbolizer.Resolve(&module, address).data());
  }
}
BENCHMARK(OpenAndNameOne)->Unit(benchmark::kMillisecond);

void NameNew(benchmark::State& state) {
  const LoadedModule module = Self();
  const std::vector<CodeAddress> addresses = Addresses(module, 20'000);
  auto symbolizer = std::make_unique<Symbolizer>();
  size_t i = 0;
  for (auto _ : state) {
    if (i == addresses.size()) {
      state.PauseTiming();
      symbolizer = std::make_unique<Symbolizer>();
      i = 0;
      state.ResumeTiming();
    }
    benchmark::DoNotOptimize(
        symbolizer->Resolve(&module, addresses[i++]).data());
  }
}
BENCHMARK(NameNew);

void NameAgain(benchmark::State& state) {
  const LoadedModule module = Self();
  const std::vector<CodeAddress> addresses = Addresses(module, 20'000);
  Symbolizer symbolizer;
  for (const CodeAddress a : addresses) symbolizer.Resolve(&module, a);
  size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        symbolizer.Resolve(&module, addresses[i++ % addresses.size()]).data());
  }
}
BENCHMARK(NameAgain);

void DemangleOne(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        Demangle("_ZNSt6vectorIiSaIiEE17_M_realloc_insertIJiEEEvN9__gnu_cxx17__"
                 "normal_iteratorIPiS1_EEDpOT_"));
  }
}
BENCHMARK(DemangleOne);

}  // namespace
}  // namespace hubspy

BENCHMARK_MAIN();
