// A million sleepers: what each costs in memory while all are asleep, what it
// costs to wake them on time, and what to end them. A runtime is described by a
// class:
//
//   class Green {
//    public:
//     static constexpr char kName[] = "green";
//     template <typename F>
//     void Spawn(F f);  // detached
//     void SleepUntil(int64_t deadline_ns);  // CLOCK_MONOTONIC
//     void Yield();
//     void WaitForGate();  // until OpenGate(), once
//     void OpenGate();
//   };
//
// Who has woken waits at the gate, so that waking and ending can be told apart.
//
// The surprising part: the deadlines are drawn before the first is spawned, far
// enough in the future that all are asleep by the first of them.
#ifndef TESTS_BENCH_SLEEPERS_H_
#define TESTS_BENCH_SLEEPERS_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <random>
#include <string>
#include <vector>

#include "bench/measure.h"

namespace bench {

struct SleepersOptions {
  int64_t count = 1'000'000;
  int64_t spread_ms = 0;  // between the first deadline and the last
};

// PROGRAM [COUNT [SPREAD_MS]]
inline SleepersOptions ParseSleepersOptions(int argc, char** argv) {
  SleepersOptions options;
  if (argc > 1) options.count = std::atoll(argv[1]);
  if (argc > 2) options.spread_ms = std::atoll(argv[2]);
  return options;
}

template <typename Runtime>
class Sleepers {
 public:
  explicit Sleepers(const SleepersOptions& options)
      : count_(options.count),
        spread_ns_(options.spread_ms * 1'000'000),
        // 15 us is more than it takes to spawn one, on any runtime.
        first_deadline_ns_(NowNs() + 200'000'000 + count_ * 15'000) {
    std::mt19937_64 random(1);
    for (int64_t i = 0; i < count_; ++i) {
      const auto after = static_cast<int64_t>(
          random() % static_cast<uint64_t>(spread_ns_ + 1));
      deadlines_ns_.push_back(first_deadline_ns_ + after);
    }
    late_ns_.resize(static_cast<size_t>(count_));
  }

  // The program's exit status.
  int Run() {
    const int64_t empty_bytes = ResidentBytes();
    const int64_t start_ns = CpuNs();
    SpawnAll();
    const int64_t asleep_ns = CpuNs();
    const int64_t asleep_bytes = ResidentBytes();
    if (NowNs() >= first_deadline_ns_) {
      std::fprintf(stderr,
                   "Spawning took too long: the first woke before the last "
                   "slept. The machine is too busy for so many.\n");
      return 1;
    }
    runtime_.SleepUntil(first_deadline_ns_ + spread_ns_);
    while (woken_ < count_) runtime_.Yield();
    const int64_t woken_ns = CpuNs();
    runtime_.OpenGate();
    while (ended_ < count_) runtime_.Yield();
    const int64_t ended_ns = CpuNs();

    const std::string name = Runtime::kName;
    const auto count = static_cast<double>(count_);
    Print(name + "_bytes_each",
          static_cast<double>(asleep_bytes - empty_bytes) / count);
    Print(name + "_spawn_cpu_s",
          static_cast<double>(asleep_ns - start_ns) / 1e9);
    Print(name + "_wake_cpu_s",
          static_cast<double>(woken_ns - asleep_ns) / 1e9);
    Print(name + "_end_cpu_s", static_cast<double>(ended_ns - woken_ns) / 1e9);
    PrintLateness(name + "_late", late_ns_);
    return 0;
  }

 private:
  static constexpr int64_t kBatch = 1000;

  void SpawnAll() {
    int64_t spawned = 0;
    try {
      while (spawned < count_) {
        const auto i = static_cast<size_t>(spawned);
        runtime_.Spawn([this, i] { SleepAndNote(i); });
        if (++spawned % kBatch != 0 && spawned != count_) continue;
        runtime_.Yield();
        if (asleep_ < spawned) GiveUp("some did not start");
      }
    } catch (const std::exception& error) {
      GiveUp(error.what());
    }
  }

  [[noreturn]] void GiveUp(const char* why) {
    std::fprintf(
        stderr,
        "This machine lets %s have %lld sleepers and no more (%s). See "
        "vm.max_map_count, vm.overcommit_memory and ulimit -v.\n",
        Runtime::kName, static_cast<long long>(asleep_), why);
    std::fflush(stderr);
    std::_Exit(1);  // those that sleep need not be woken
  }

  void SleepAndNote(size_t i) {
    ++asleep_;
    runtime_.SleepUntil(deadlines_ns_[i]);
    late_ns_[i] = NowNs() - deadlines_ns_[i];
    ++woken_;
    runtime_.WaitForGate();
    ++ended_;
  }

  Runtime runtime_;
  int64_t count_;
  int64_t spread_ns_;
  int64_t first_deadline_ns_;
  std::vector<int64_t> deadlines_ns_;
  std::vector<int64_t> late_ns_;
  int64_t asleep_ = 0;
  int64_t woken_ = 0;
  int64_t ended_ = 0;
};

}  // namespace bench

#endif  // TESTS_BENCH_SLEEPERS_H_
