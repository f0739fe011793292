// Random programs: green threads that do the same over and over, some of it
// within a limit of time, until they are killed, which happens to any of them
// at any time.
#ifndef HUBSPY_TESTS_RUNTIME_CROWD_TESTING_H_
#define HUBSPY_TESTS_RUNTIME_CROWD_TESTING_H_

#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "absl/time/time.h"
#include "green/green_thread.h"
#include "green/sanitizers.h"
#include "green/timeout.h"
#include "gtest/gtest.h"
#include "runtime/hub_testing.h"

namespace green {

constexpr int kWorkers = 8;
constexpr int kTurns = 60;
// A sanitizer makes each ten times as slow.
#if defined(GREEN_ASAN) || defined(GREEN_TSAN)
constexpr uint32_t kSeeds = 30;
#else
constexpr uint32_t kSeeds = 200;
#endif

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  int64_t Below(int64_t n) {
    return static_cast<int64_t>(engine_() % static_cast<uint64_t>(n));
  }
  absl::Duration Milliseconds() { return absl::Milliseconds(Below(4)); }

 private:
  std::mt19937 engine_;
};

// Green threads that call step(random) until they are killed; one that ends is
// followed by another.
template <typename Step>
class Crowd {
 public:
  Crowd(Random& random, Step step) : random_(random), step_(step) {
    for (int i = 0; i < kWorkers; ++i) workers_.push_back(NewWorker());
  }

  void KillAny() {
    auto& worker = workers_[random_.Below(kWorkers)];
    worker.Kill();
    // One that just got what it waited for goes on to its next wait.
    while (!worker.Finished()) Yield();
    worker = NewWorker();
  }
  void KillAll() {
    for (auto& worker : workers_) worker.Kill();
  }

 private:
  GreenThread<void> NewWorker() {
    return Spawn([this] {
      for (;;) Work();
    });
  }

  void Work() {
    try {
      std::optional<Timeout> limit;
      if (random_.Below(3) == 0) limit.emplace(random_.Milliseconds());
      step_();
    } catch (const TimeoutExpired&) {
    }
    Sleep(random_.Milliseconds());
  }

  Random& random_;
  Step step_;
  std::vector<GreenThread<void>> workers_;
};

template <typename Step, typename Check>
void RunCrowd(uint32_t seed, Random& random, Step step, Check check) {
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Crowd crowd(random, step);
  for (int turn = 0; turn < kTurns && !testing::Test::HasFailure(); ++turn) {
    Sleep(random.Milliseconds());
    check();
    if (random.Below(3) == 0) crowd.KillAny();
    check();
  }
  crowd.KillAll();
}

inline void ForEachSeed(void (*run)(uint32_t seed)) {
  for (uint32_t seed = 1; seed <= kSeeds; ++seed) {
    InSimulatedTime([&](SimulatedTime&) { run(seed); });
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace green

#endif  // HUBSPY_TESTS_RUNTIME_CROWD_TESTING_H_
