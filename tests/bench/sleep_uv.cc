// How late libuv's timer of a millisecond fires, the yardstick for
// sleep_lateness.
//
//   sleep_uv [SLEEPS]
#include <uv.h>

#include <cstdint>
#include <cstdlib>
#include <vector>

#include "bench/measure.h"

namespace {

constexpr int64_t kMillisecondNs = 1'000'000;

struct Sleeper {
  int left;
  int64_t before_ns = 0;
  std::vector<int64_t> late_ns;
};

void Sleep(uv_timer_t* timer);

void Wake(uv_timer_t* timer) {
  auto& self = *static_cast<Sleeper*>(timer->data);
  self.late_ns.push_back(bench::NowNs() - self.before_ns - kMillisecondNs);
  if (--self.left > 0) Sleep(timer);
}

void Sleep(uv_timer_t* timer) {
  static_cast<Sleeper*>(timer->data)->before_ns = bench::NowNs();
  uv_timer_start(timer, Wake, 1, 0);
}

}  // namespace

int main(int argc, char** argv) {
  Sleeper sleeper = {.left = argc > 1 ? std::atoi(argv[1]) : 1000};
  uv_timer_t timer;
  uv_timer_init(uv_default_loop(), &timer);
  timer.data = &sleeper;
  Sleep(&timer);
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  bench::PrintLateness("uv", sleeper.late_ns);
}
