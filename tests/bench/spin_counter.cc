// Counts as fast as it can, thirty calls deep, and says how far it came: what a
// profiler's watching costs is what it counts less. For tools/compare_captures.
//
// Prints its process id. Then, for each line that it reads, a line: how many
// nanoseconds have gone by since the line before, of real time and of its
// counting thread's CPU time, and how many turns it made in them.
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <thread>

namespace {

constexpr int kDepth = 30;

std::atomic<uint64_t> turns = 0;
std::atomic<bool> ended = false;  // never; but a compiler must not know

// A turn is about a microsecond of work in a register.
[[gnu::noinline]] uint64_t Turn(uint64_t seed) {
  for (int i = 0; i < 1000; ++i) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
  }
  return seed;
}

[[gnu::noinline]] uint64_t Count(int depth) {
  if (depth > 0) return Count(depth - 1) + 1;
  uint64_t seed = 1;
  while (!ended.load(std::memory_order_relaxed)) {
    seed = Turn(seed);
    turns.store(turns.load(std::memory_order_relaxed) + (seed != 0),
                std::memory_order_relaxed);
  }
  return seed;
}

int64_t ReadNs(clockid_t clock) {
  timespec now = {};
  clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

int main() {
  std::thread counter([] { Count(kDepth); });
  clockid_t cpu_clock;
  pthread_getcpuclockid(counter.native_handle(), &cpu_clock);
  std::printf("%d\n", static_cast<int>(getpid()));
  std::fflush(stdout);
  int64_t real_ns = ReadNs(CLOCK_MONOTONIC);
  int64_t cpu_ns = ReadNs(cpu_clock);
  uint64_t turned = turns;
  char line[16];
  while (std::fgets(line, sizeof(line), stdin) != nullptr) {
    const int64_t real_now_ns = ReadNs(CLOCK_MONOTONIC);
    const int64_t cpu_now_ns = ReadNs(cpu_clock);
    const uint64_t turns_now = turns;
    std::printf("%lld %lld %llu\n",
                static_cast<long long>(real_now_ns - real_ns),
                static_cast<long long>(cpu_now_ns - cpu_ns),
                static_cast<unsigned long long>(turns_now - turned));
    std::fflush(stdout);
    real_ns = real_now_ns;
    cpu_ns = cpu_now_ns;
    turned = turns_now;
  }
  _exit(0);
}
