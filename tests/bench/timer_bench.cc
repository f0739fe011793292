// What a timer costs while a million others are pending. Beside it:
// uv_timer_bench, with the same names.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>
#include <span>
#include <vector>

#include "bench/measure.h"
#include "benchmark/benchmark.h"
#include "green/timer_queue.h"

namespace green {
namespace {

constexpr size_t kPending = 1'000'000;
// So many are timed at a time, so that reading the clock does not count.
constexpr size_t kBatch = 1000;

class FullQueue : public benchmark::Fixture {
 public:
  void SetUp(const benchmark::State&) override {
    for (size_t i = 0; i < kPending; ++i) {
      Add(timers_.emplace_back(internal::Timer::Purpose::kCallBack));
      shuffled_.push_back(&timers_.back());
    }
    queue_.Prepare();
    std::shuffle(shuffled_.begin(), shuffled_.end(), random_);
  }
  void TearDown(const benchmark::State&) override {
    for (internal::Timer& timer : timers_) queue_.Cancel(timer);
    shuffled_.clear();
    timers_.clear();
  }

 protected:
  int64_t Deadline() { return static_cast<int64_t>(random_() >> 20); }
  void Add(internal::Timer& timer) { queue_.Add(timer, Deadline()); }

  // Other ones each time, which lie anywhere, in memory that no cache holds.
  std::span<internal::Timer* const> NextBatch() {
    next_ = (next_ + kBatch) % kPending;
    return std::span(shuffled_).subspan(next_, kBatch);
  }
  void Cancel(std::span<internal::Timer* const> batch) {
    for (internal::Timer* timer : batch) queue_.Cancel(*timer);
  }
  // As many in one turn of a hub.
  void Add(std::span<internal::Timer* const> batch) {
    for (internal::Timer* timer : batch) Add(*timer);
    queue_.Prepare();
  }

  std::mt19937_64 random_{1};
  std::deque<internal::Timer> timers_;
  std::vector<internal::Timer*> shuffled_;
  size_t next_ = 0;
  internal::TimerQueue queue_;
};

BENCHMARK_DEFINE_F(FullQueue, Cancel)(benchmark::State& state) {
  while (state.KeepRunningBatch(kBatch)) {
    const auto batch = NextBatch();
    state.SetIterationTime(bench::CpuSecondsOf([&] { Cancel(batch); }));
    Add(batch);
  }
}
BENCHMARK_REGISTER_F(FullQueue, Cancel)->UseManualTime();

BENCHMARK_DEFINE_F(FullQueue, Add)(benchmark::State& state) {
  while (state.KeepRunningBatch(kBatch)) {
    const auto batch = NextBatch();
    Cancel(batch);
    state.SetIterationTime(bench::CpuSecondsOf([&] { Add(batch); }));
  }
}
BENCHMARK_REGISTER_F(FullQueue, Add)->UseManualTime();

// A timeout that does not expire: cancelled in the turn that added it.
BENCHMARK_F(FullQueue, AddAndCancel)(benchmark::State& state) {
  internal::Timer timer(internal::Timer::Purpose::kCallBack);
  for (auto _ : state) {
    Add(timer);
    queue_.Cancel(timer);
  }
}

// The same, cancelled in a later turn.
BENCHMARK_F(FullQueue, AddPrepareAndCancel)(benchmark::State& state) {
  internal::Timer timer(internal::Timer::Purpose::kCallBack);
  for (auto _ : state) {
    Add(timer);
    queue_.Prepare();
    queue_.Cancel(timer);
  }
}

BENCHMARK_F(FullQueue, FireAndAddAgain)(benchmark::State& state) {
  for (auto _ : state) {
    const int64_t first_ns = queue_.NextDeadlineNs();
    internal::Timer* const timer = queue_.PopDue(first_ns);
    queue_.Add(*timer, first_ns + Deadline());
    queue_.Prepare();
  }
}

}  // namespace
}  // namespace green

BENCHMARK_MAIN();
