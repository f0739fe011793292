// Evidence to begin with, for tests of rules.
#ifndef HUBSPY_TESTS_PROFILER_DIAGNOSE_WATCHES_H_
#define HUBSPY_TESTS_PROFILER_DIAGNOSE_WATCHES_H_

#include <cstdint>

#include "absl/numeric/int128.h"
#include "model/diagnosis.h"
#include "support/time_units.h"

namespace hubspy {

// Five minutes after its hub was made; `Convert` is how its clock makes
// nanoseconds of a counter that ticks at the timebase's rate.
template <typename Convert>
HubWatch WatchOf(uint32_t numer, uint32_t denom, Convert convert) {
  const auto at = [&](int64_t real_ns) {
    const auto ticks =
        static_cast<int64_t>(absl::int128(real_ns) * denom / numer);
    return ClockReading{.ticks = ticks,
                        .now_ns = convert(ticks),
                        .witness_real_ns = 77 * kSecond + real_ns};
  };
  HubWatch watch;
  watch.begin.tid = watch.end.tid = 7;
  watch.begin.state = watch.end.state = HubState::kPolling;
  watch.end.timebase_numer = numer;
  watch.end.timebase_denom = denom;
  watch.end.first = at(1);
  watch.end.last = at(300 * kSecond);
  watch.begin.iterations = 100;
  watch.end.iterations = 101;
  watch.watched_ns = 2 * kSecond;
  watch.end_real_ns = watch.end.last.witness_real_ns;
  watch.looks = 200;
  return watch;
}

inline HubWatch HealthyWatch() {
  return WatchOf(125, 3, [](int64_t t) { return t * 125 / 3; });
}

// The same, waiting in its poller for nothing in particular, of a process with
// one thread and a runtime that publishes everything.
inline HubWatch IdleWatch() {
  HubWatch watch = HealthyWatch();
  watch.end.open_to_other_threads = false;
  watch.process_threads = 1;
  watch.signals_handled = 0;
  watch.own_code = watch.own_code_at_begin =
      GreenThreadView{.state = GreenState::kRunning};
  return watch;
}

// A green thread has had the hub to itself all the time.
inline HubWatch HeldWatch() {
  HubWatch watch = IdleWatch();
  watch.begin.state = watch.end.state = HubState::kRunning;
  watch.begin.iterations = watch.end.iterations;
  watch.end.current = Address(0x1000);
  watch.green_threads = {{.record = Address(0x1000),
                          .id = 5,
                          .name = "cruncher",
                          .state = GreenState::kRunning}};
  return watch;
}

}  // namespace hubspy

#endif  // HUBSPY_TESTS_PROFILER_DIAGNOSE_WATCHES_H_
