// How late a sleep of a millisecond ends for one sleeper, in real time: on
// green, on green when it spins, and bare in clock_nanosleep, by turns, so that
// all meet the same weather.
//
//   sleep_lateness [SLEEPS of each]
#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "bench/measure.h"
#include "green/green.h"

namespace {

constexpr int64_t kMillisecondNs = 1'000'000;
constexpr int kSleepsInATurn = 50;

// A virtual machine's wakeups can be far later than the usual 50 us.
constexpr absl::Duration kSpin = absl::Microseconds(300);

class Sleeper {
 public:
  Sleeper(std::string name, std::function<void()> prepare,
          std::function<void()> sleep)
      : name_(std::move(name)),
        prepare_(std::move(prepare)),
        sleep_(std::move(sleep)) {}

  // On a thread of its own: timer slack and hubs belong to a thread.
  void TakeTurn(int sleeps) {
    std::thread([this, sleeps] {
      prepare_();
      sleep_();
      for (int i = 0; i < sleeps; ++i) {
        const int64_t before_ns = bench::NowNs();
        sleep_();
        late_ns_.push_back(bench::NowNs() - before_ns - kMillisecondNs);
      }
    }).join();
  }

  void Print() const { bench::PrintLateness(name_, late_ns_); }

 private:
  std::string name_;
  std::function<void()> prepare_;
  std::function<void()> sleep_;
  std::vector<int64_t> late_ns_;
};

void SleepBare() {
  const timespec duration = {.tv_sec = 0, .tv_nsec = kMillisecondNs};
  clock_nanosleep(CLOCK_MONOTONIC, 0, &duration, nullptr);
}

void SleepGreen() { green::Sleep(absl::Milliseconds(1)); }

}  // namespace

int main(int argc, char** argv) {
  const int sleeps = argc > 1 ? std::atoi(argv[1]) : 1000;
  Sleeper sleepers[] = {
      {"bare", [] { prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); }, SleepBare},
      {"green", [] {}, SleepGreen},
      {"green_spin", [] { green::Hub::Configure({.spin = kSpin}); },
       SleepGreen},
  };
  for (int done = 0; done < sleeps; done += kSleepsInATurn) {
    for (Sleeper& sleeper : sleepers) {
      sleeper.TakeTurn(std::min(kSleepsInATurn, sleeps - done));
    }
  }
  for (const Sleeper& sleeper : sleepers) sleeper.Print();
}
