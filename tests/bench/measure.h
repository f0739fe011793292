// What the programs that Google Benchmark does not fit measure with. They print
// their figures as lines of `name value`, which tools/compare_runtimes reads.
#ifndef TESTS_BENCH_MEASURE_H_
#define TESTS_BENCH_MEASURE_H_

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace bench {

inline int64_t ReadNs(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * int64_t{1'000'000'000} + now.tv_nsec;
}

inline int64_t NowNs() { return ReadNs(CLOCK_MONOTONIC); }

// Of all threads.
inline int64_t CpuNs() { return ReadNs(CLOCK_PROCESS_CPUTIME_ID); }

// What work() takes of this thread's CPU time: the neighbours' noise is not in
// it.
template <typename Work>
double CpuSecondsOf(Work work) {
  const int64_t before_ns = ReadNs(CLOCK_THREAD_CPUTIME_ID);
  work();
  return static_cast<double>(ReadNs(CLOCK_THREAD_CPUTIME_ID) - before_ns) / 1e9;
}

inline int64_t ResidentBytes() {
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  long long total = 0;
  long long resident = 0;
  const int read = std::fscanf(file, "%lld %lld", &total, &resident);
  std::fclose(file);
  return read == 2 ? resident * sysconf(_SC_PAGESIZE) : 0;
}

inline void Print(const std::string& name, double value) {
  std::printf("%s %.6g\n", name.c_str(), value);
}

// `late_ns` must not be empty. Negative is too early.
inline void PrintLateness(const std::string& who,
                          std::vector<int64_t> late_ns) {
  std::sort(late_ns.begin(), late_ns.end());
  const auto percentile = [&](double part) {
    return static_cast<double>(late_ns[static_cast<size_t>(
        part * static_cast<double>(late_ns.size() - 1))]);
  };
  Print(who + "_min_ns", percentile(0));
  Print(who + "_p50_ns", percentile(0.5));
  Print(who + "_p99_ns", percentile(0.99));
  Print(who + "_max_ns", percentile(1));
}

}  // namespace bench

#endif  // TESTS_BENCH_MEASURE_H_
