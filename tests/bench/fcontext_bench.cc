// Boost's fcontext, the yardstick for runtime_bench's BareSwitch.
#include <boost/context/detail/fcontext.hpp>
#include <cstdint>
#include <vector>

#include "benchmark/benchmark.h"

namespace {

namespace fcontext = boost::context::detail;

void Main(fcontext::transfer_t transfer) {
  for (;;) transfer = fcontext::jump_fcontext(transfer.fctx, nullptr);
}

// Two switches an iteration; the rate is of single ones.
void FcontextSwitch(benchmark::State& state) {
  std::vector<char> stack(size_t{64} << 10);
  fcontext::transfer_t transfer = {
      fcontext::make_fcontext(stack.data() + stack.size(), stack.size(), Main),
      nullptr};
  for (auto _ : state) {
    transfer = fcontext::jump_fcontext(transfer.fctx, nullptr);
  }
  state.SetItemsProcessed(2 * state.iterations());
}
BENCHMARK(FcontextSwitch);

}  // namespace
