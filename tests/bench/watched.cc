// Something to watch, which counts how far it comes: what a profiler's watching
// costs is what it counts less. For tools/compare_profilers.
//
//   watched KIND [THREADS [SLEEPERS]]
//
// So many threads, thirty calls deep, do one thing over and over, a turn each:
//   spin    compute for a microsecond
//   switch  compute for 20 us, and sleep for 20 us
//   idle    wait in epoll_wait for an hour: a turn that ends was disturbed
//   gaps    read the clock, and note where it leapt because they were stopped
// and SLEEPERS more only sleep.
//
// Prints its process id when all of them are there. Then, for each line that it
// reads, a line: how many nanoseconds have gone by since the line before, of
// real time and of its own CPU time, the turns made in them, and (gaps) the
// length in nanoseconds of each stop.
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <latch>
#include <thread>

#include "bench/measure.h"

namespace {

constexpr int kDepth = 30;

std::atomic<bool> ended = false;  // never; but a compiler must not know

struct alignas(64) Turns {
  std::atomic<uint64_t> count = 0;
  void Add() {
    count.store(count.load(std::memory_order_relaxed) + 1,
                std::memory_order_relaxed);
  }
};

// The latest stops, of all threads.
struct Stops {
  std::array<std::atomic<int64_t>, 1 << 16> ns = {};
  std::atomic<uint64_t> count = 0;
  void Add(int64_t stop_ns) { ns[count++ % ns.size()] = stop_ns; }
} stops;

void Compute(int rounds) {
  volatile uint64_t result = 1;
  uint64_t seed = result;
  for (int i = 0; i < rounds; ++i) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
  }
  result = seed;
}

void Spin(Turns& turns) {
  while (!ended.load(std::memory_order_relaxed)) {
    Compute(1000);
    turns.Add();
  }
}

void Switch(Turns& turns) {
  while (!ended.load(std::memory_order_relaxed)) {
    Compute(20'000);
    const timespec nap = {0, 20'000};
    nanosleep(&nap, nullptr);
    turns.Add();
  }
}

void Idle(Turns& turns) {
  const int epoll = epoll_create1(0);
  while (!ended.load(std::memory_order_relaxed)) {
    epoll_event event;
    epoll_wait(epoll, &event, 1, 3'600'000);
    turns.Add();
  }
}

// Of the calling thread: those where it gave up the CPU, as a stop does it. One
// that is taken from it for a neighbour does not count here.
long VoluntarySwitches() {
  rusage usage = {};
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw;
}

void Gaps(Turns& turns) {
  constexpr int64_t kLeastNs = 1000;
  long switches = VoluntarySwitches();
  int64_t last_ns = bench::NowNs();
  while (!ended.load(std::memory_order_relaxed)) {
    int64_t now_ns = bench::NowNs();
    if (now_ns - last_ns > kLeastNs) {
      const long switches_now = VoluntarySwitches();
      if (switches_now != switches) stops.Add(now_ns - last_ns);
      switches = switches_now;
      now_ns = bench::NowNs();
    }
    last_ns = now_ns;
    turns.Add();
  }
}

using Loop = void (*)(Turns&);

[[gnu::noinline]] int Descend(int depth, Loop loop, Turns& turns) {
  if (depth > 0) return Descend(depth - 1, loop, turns) + 1;
  loop(turns);
  return 0;
}

Loop LoopOf(const char* kind) {
  if (std::strcmp(kind, "spin") == 0) return &Spin;
  if (std::strcmp(kind, "switch") == 0) return &Switch;
  if (std::strcmp(kind, "idle") == 0) return &Idle;
  if (std::strcmp(kind, "gaps") == 0) return &Gaps;
  std::fprintf(stderr, "watched: no such kind: %s\n", kind);
  std::exit(2);
}

// What a line of output is the difference of.
struct Reading {
  int64_t real_ns = bench::NowNs();
  int64_t cpu_ns = bench::CpuNs();
  uint64_t turns = 0;
  uint64_t stops = ::stops.count;
};

Reading Read(const std::deque<Turns>& all) {
  Reading reading;
  for (const Turns& turns : all) reading.turns += turns.count;
  return reading;
}

void Print(const Reading& before, const Reading& now) {
  std::printf("%lld %lld %llu",
              static_cast<long long>(now.real_ns - before.real_ns),
              static_cast<long long>(now.cpu_ns - before.cpu_ns),
              static_cast<unsigned long long>(now.turns - before.turns));
  for (uint64_t i = before.stops; i < now.stops; ++i) {
    std::printf(" %lld", static_cast<long long>(stops.ns[i % stops.ns.size()]));
  }
  std::printf("\n");
  std::fflush(stdout);
}

int IntOr(int argc, char** argv, int index, int otherwise) {
  return index < argc ? std::atoi(argv[index]) : otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  const Loop loop = LoopOf(argc > 1 ? argv[1] : "spin");
  const int threads = IntOr(argc, argv, 2, 1);
  const int sleepers = IntOr(argc, argv, 3, 0);
  std::deque<Turns> turns(static_cast<size_t>(threads + sleepers));
  std::latch there(threads + sleepers);
  for (int i = 0; i < threads + sleepers; ++i) {
    std::thread([&, i] {
      there.count_down();
      Descend(kDepth, i < threads ? loop : &Idle,
              turns[static_cast<size_t>(i)]);
    }).detach();
  }
  there.wait();
  std::printf("%d\n", static_cast<int>(getpid()));
  std::fflush(stdout);
  Reading before = Read(turns);
  char line[16];
  while (std::fgets(line, sizeof(line), stdin) != nullptr) {
    const Reading now = Read(turns);
    Print(before, now);
    before = now;
  }
  _exit(0);
}
