// libuv's timers, the yardstick for timer_bench: what one costs while a million
// others are pending.
#include <uv.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "bench/measure.h"
#include "benchmark/benchmark.h"

namespace {

constexpr size_t kPending = 1'000'000;
// So many are timed at a time, so that reading the clock does not count.
constexpr size_t kBatch = 1000;

void DoNothing(uv_timer_t*) {}

class FullUvLoop : public benchmark::Fixture {
 public:
  void SetUp(const benchmark::State&) override {
    uv_loop_init(&loop_);
    timers_.resize(kPending + 1);
    for (uv_timer_t& timer : timers_) {
      uv_timer_init(&loop_, &timer);
      shuffled_.push_back(&timer);
    }
    shuffled_.pop_back();
    Add(shuffled_);
    std::shuffle(shuffled_.begin(), shuffled_.end(), random_);
  }
  void TearDown(const benchmark::State&) override {
    for (uv_timer_t& timer : timers_) {
      uv_close(reinterpret_cast<uv_handle_t*>(&timer), nullptr);
    }
    uv_run(&loop_, UV_RUN_DEFAULT);
    uv_loop_close(&loop_);
    shuffled_.clear();
    timers_.clear();
  }

 protected:
  uint64_t TimeoutMs() { return random_() >> 20; }
  void Add(uv_timer_t& timer) {
    uv_timer_start(&timer, DoNothing, TimeoutMs(), 0);
  }

  // Other ones each time, which lie anywhere, in memory that no cache holds.
  std::span<uv_timer_t* const> NextBatch() {
    next_ = (next_ + kBatch) % kPending;
    return std::span(shuffled_).subspan(next_, kBatch);
  }
  void Cancel(std::span<uv_timer_t* const> batch) {
    for (uv_timer_t* timer : batch) uv_timer_stop(timer);
  }
  void Add(std::span<uv_timer_t* const> batch) {
    for (uv_timer_t* timer : batch) Add(*timer);
  }
  uv_timer_t& OneMore() { return timers_.back(); }

  std::mt19937_64 random_{1};
  uv_loop_t loop_;
  std::vector<uv_timer_t> timers_;
  std::vector<uv_timer_t*> shuffled_;
  size_t next_ = 0;
};

BENCHMARK_DEFINE_F(FullUvLoop, Cancel)(benchmark::State& state) {
  while (state.KeepRunningBatch(kBatch)) {
    const auto batch = NextBatch();
    state.SetIterationTime(bench::CpuSecondsOf([&] { Cancel(batch); }));
    Add(batch);
  }
}
BENCHMARK_REGISTER_F(FullUvLoop, Cancel)->UseManualTime();

BENCHMARK_DEFINE_F(FullUvLoop, Add)(benchmark::State& state) {
  while (state.KeepRunningBatch(kBatch)) {
    const auto batch = NextBatch();
    Cancel(batch);
    state.SetIterationTime(bench::CpuSecondsOf([&] { Add(batch); }));
  }
}
BENCHMARK_REGISTER_F(FullUvLoop, Add)->UseManualTime();

BENCHMARK_F(FullUvLoop, AddAndCancel)(benchmark::State& state) {
  for (auto _ : state) {
    Add(OneMore());
    uv_timer_stop(&OneMore());
  }
}

}  // namespace

BENCHMARK_MAIN();
