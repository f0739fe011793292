// A million green threads asleep.
//
//   sleepers_green [COUNT [SPREAD_MS]]
#include <cstdint>
#include <utility>

#include "absl/time/time.h"
#include "bench/measure.h"
#include "bench/sleepers.h"
#include "green/green.h"

namespace {

struct Green {
  static constexpr char kName[] = "green";

  template <typename F>
  static void Spawn(F f) {
    green::SpawnN(std::move(f));
  }
  static void SleepUntil(int64_t deadline_ns) {
    green::Sleep(absl::Nanoseconds(deadline_ns - bench::NowNs()));
  }
  static void Yield() { green::Yield(); }
};

}  // namespace

int main(int argc, char** argv) {
  return bench::Sleepers<Green>(bench::ParseSleepersOptions(argc, argv)).Run();
}
