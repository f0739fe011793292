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

class Green {
 public:
  static constexpr char kName[] = "green";

  template <typename F>
  void Spawn(F f) {
    green::SpawnN(std::move(f));
  }
  void SleepUntil(int64_t deadline_ns) {
    green::Sleep(absl::Nanoseconds(deadline_ns - bench::NowNs()));
  }
  void Yield() { green::Yield(); }
  void WaitForGate() { gate_.Wait(); }
  void OpenGate() { gate_.Send(0); }

 private:
  green::Event<int> gate_;
};

}  // namespace

int main(int argc, char** argv) {
  return bench::Sleepers<Green>(bench::ParseSleepersOptions(argc, argv)).Run();
}
