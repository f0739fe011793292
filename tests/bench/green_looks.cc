// What a look at many green threads costs: at all of them for the first time,
// when none has moved since, and when a hundredth has; and what the whole of
// `hubspy dump` takes.
//
//   green_looks CROWD HUBSPY [COUNT [LOOKS]]
//
// CROWD: the program green_crowd.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "bench/measure.h"
#include "cli/attachment.h"
#include "support/child.h"

namespace {

double MillisecondsOf(hubspy::Attachment& attachment, int64_t& green_threads) {
  const int64_t began_ns = bench::NowNs();
  const auto looks = attachment.Look();
  const int64_t took_ns = bench::NowNs() - began_ns;
  if (!looks.ok()) {
    std::fprintf(stderr, "green_looks: %s\n",
                 looks.status().ToString().c_str());
    std::exit(1);
  }
  green_threads = 0;
  for (const hubspy::ThreadLook& look : *looks) {
    green_threads += look.green.has_value() && look.stack != nullptr;
  }
  return static_cast<double>(took_ns) / 1e6;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

// From its start until all that it writes was read.
void TimeDump(const std::string& hubspy, pid_t pid,
              const std::vector<std::string>& more) {
  std::vector<std::string> command = {hubspy, "dump", "-p",
                                      std::to_string(pid)};
  command.insert(command.end(), more.begin(), more.end());
  std::vector<double> took_ms;
  size_t bytes = 0;
  for (int i = 0; i < 5; ++i) {
    const int64_t began_ns = bench::NowNs();
    bytes = hubspy::Child::Exec(command).ReadToEnd().size();
    took_ms.push_back(static_cast<double>(bench::NowNs() - began_ns) / 1e6);
  }
  std::string name = "hubspy dump";
  for (const std::string& argument : more) name += " " + argument;
  std::printf("%s, ms %.1f (the best %.1f), %.1f MB\n", name.c_str(),
              Median(took_ms),
              *std::min_element(took_ms.begin(), took_ms.end()),
              static_cast<double>(bytes) / 1e6);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: green_looks CROWD HUBSPY [COUNT [LOOKS]]\n");
    return 2;
  }
  const int rounds = argc > 4 ? std::atoi(argv[4]) : 20;
  hubspy::Child child =
      hubspy::Child::Exec({argv[1], argc > 3 ? argv[3] : "100000"});
  child.ReadLine();
  auto attachment = hubspy::Attachment::Open(child.pid());
  if (!attachment.ok()) {
    std::fprintf(stderr, "green_looks: %s\n",
                 attachment.status().ToString().c_str());
    return 1;
  }
  (*attachment)->LookAtGreenThreads({.wanted = true});
  int64_t seen = 0;
  const double first_ms = MillisecondsOf(**attachment, seen);
  std::vector<double> still_ms, moving_ms;
  for (int i = 0; i < rounds; ++i) {
    still_ms.push_back(MillisecondsOf(**attachment, seen));
    child.WriteLine("go");
    child.ReadLine();
    moving_ms.push_back(MillisecondsOf(**attachment, seen));
  }
  std::printf("green threads with a stack %lld\n",
              static_cast<long long>(seen));
  std::printf("first look, ms %.1f\n", first_ms);
  std::printf("none moved, ms %.1f\n", Median(still_ms));
  std::printf("a hundredth moved, ms %.1f\n", Median(moving_ms));
  TimeDump(argv[2], child.pid(), {});
  TimeDump(argv[2], child.pid(), {"--json", "--distinct"});
}
