// A recording as a file: how large it is, and what writing and reading it take.
//
//   store_hour [seconds [threads [rate]]]     # an hour of 20 threads, at 100
//   Hz
//
// Each thread is elsewhere at every look, in one of 2,000 stacks of some 30
// frames, most of them in a few: nothing that is recorded is harder to pack.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/measure.h"
#include "store/store.h"

namespace {

using hubspy::Profile;

constexpr uint32_t kFunctions = 3000;
constexpr uint32_t kStacks = 2000;
constexpr uint32_t kFrames = 30;
constexpr uint32_t kShared = 10;  // outermost ones, that many stacks have

Profile Recorded(int64_t seconds, int32_t threads, int64_t rate_hz) {
  std::mt19937_64 random(1);
  Profile profile;
  profile.rate_hz = static_cast<double>(rate_hz);
  profile.duration_ns = seconds * 1'000'000'000;
  for (uint32_t f = 0; f < kFunctions; ++f) {
    profile.frames.push_back(
        {.function = absl::StrCat("shop::order::Function", f, "(int)"),
         .file = absl::StrCat("/build/shop/order/part", f % 100, ".cc"),
         .line = static_cast<int>(random() % 2000),
         .function_line = static_cast<int>(random() % 2000),
         .module = "/usr/bin/shop",
         .address = hubspy::Address(0x400000 + random() % 0x400000)});
  }
  for (int32_t thread = 0; thread < threads; ++thread) {
    const auto first = static_cast<uint32_t>(profile.samples.size());
    for (uint32_t s = 0; s < kStacks / 20; ++s) {
      Profile::Sample sample{.tid = 1000 + thread};
      for (uint32_t f = 0; f < kFrames; ++f) {
        sample.frames.push_back(
            f < kFrames - kShared ? static_cast<uint32_t>(random() % kFunctions)
                                  : f);
      }
      profile.samples.push_back(sample);
    }
    Profile::Lane lane{.tid = 1000 + thread};
    std::exponential_distribution<> gap(profile.rate_hz *
                                        1e-6);  // microseconds
    std::geometric_distribution<uint32_t> stack(0.05);
    int64_t now_ns = 0;
    while (now_ns < profile.duration_ns) {
      const uint32_t sample = first + stack(random) % (kStacks / 20);
      const int64_t end_ns = now_ns + 1000 * (1 + std::llround(gap(random)));
      ++profile.samples[sample].count;
      lane.spans.push_back({sample, now_ns, end_ns, 1});
      now_ns = end_ns;
    }
    profile.lanes.push_back(std::move(lane));
    profile.threads.push_back({1000 + thread, absl::StrCat("worker ", thread)});
  }
  return profile;
}

}  // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int i, const char* otherwise) {
    return std::atoll(argc > i ? argv[i] : otherwise);
  };
  const Profile profile =
      Recorded(argument(1, "3600"), static_cast<int32_t>(argument(2, "20")),
               argument(3, "100"));
  double samples = 0;
  for (const Profile::Sample& s : profile.samples) {
    samples += static_cast<double>(s.count);
  }
  const int64_t begin_ns = bench::NowNs();
  const std::string file = hubspy::StoreProfile(profile);
  const int64_t written_ns = bench::NowNs();
  const auto read = hubspy::LoadProfile(file);
  const int64_t read_ns = bench::NowNs();
  if (!read.ok() || *read != profile) return 1;
  bench::Print("samples", samples);
  bench::Print("file_mb", static_cast<double>(file.size()) / 1e6);
  bench::Print("bytes_per_sample", static_cast<double>(file.size()) / samples);
  bench::Print("write_ms", static_cast<double>(written_ns - begin_ns) / 1e6);
  bench::Print("read_ms", static_cast<double>(read_ns - written_ns) / 1e6);
  return 0;
}
