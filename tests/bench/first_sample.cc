// How long hubspy takes from nothing to the first sample of every thread of a
// process, unwound. For tools/compare_profilers.
//
//   first_sample PID [ROUNDS]
//
// Prints a line for each round: milliseconds of real time.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "bench/measure.h"
#include "cli/attachment.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: first_sample PID [ROUNDS]\n");
    return 2;
  }
  const int32_t pid = std::atoi(argv[1]);
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 1;
  for (int i = 0; i < rounds; ++i) {
    const int64_t began_ns = bench::NowNs();
    const auto attachment = hubspy::Attachment::Open(pid, {.rate_hz = 100});
    const auto looks =
        attachment.ok() ? (*attachment)->Look() : attachment.status();
    const int64_t took_ns = bench::NowNs() - began_ns;
    if (!looks.ok()) {
      std::fprintf(stderr, "first_sample: %s\n",
                   looks.status().ToString().c_str());
      return 1;
    }
    std::printf("%.3f\n", static_cast<double>(took_ns) / 1e6);
  }
}
