// Small profiles that several tests of view/ look at.
#ifndef HUBSPY_TESTS_PROFILER_VIEW_PROFILES_H_
#define HUBSPY_TESTS_PROFILER_VIEW_PROFILES_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "model/profile.h"

namespace hubspy {

// Adds frames and samples by name, outermost first as one reads a stack:
//   ProfileBuilder b; b.Add({"main", "Run"}, {.count = 3});
class ProfileBuilder {
 public:
  struct Traits {
    ThreadId tid = 7;
    bool idle = false;
    int64_t count = 1;
    std::optional<GreenActivity> green = std::nullopt;
  };

  uint32_t Frame(const SymbolFrame& frame) {
    for (uint32_t i = 0; i < profile_.frames.size(); ++i) {
      if (profile_.frames[i] == frame) return i;
    }
    profile_.frames.push_back(frame);
    return static_cast<uint32_t>(profile_.frames.size() - 1);
  }

  ProfileBuilder& Add(std::initializer_list<SymbolFrame> outermost_first,
                      Traits traits) {
    Profile::Sample sample{.tid = traits.tid,
                           .idle = traits.idle,
                           .green = traits.green,
                           .count = traits.count};
    for (const SymbolFrame& frame : outermost_first) {
      sample.frames.insert(sample.frames.begin(), Frame(frame));
    }
    profile_.samples.push_back(sample);
    profile_.quality.samples += traits.count;
    return *this;
  }

  // One thread unless told otherwise: every sample is a look.
  Profile Build() {
    profile_.quality.ticks = profile_.quality.samples;
    if (profile_.threads.empty()) profile_.threads = {{7, "hub"}};
    profile_.duration_ns = static_cast<int64_t>(
        1e9 * static_cast<double>(profile_.quality.ticks) / profile_.rate_hz);
    return profile_;
  }

  Profile& profile() { return profile_; }

 private:
  Profile profile_;
};

// main -> Half, once called and once inlined.
inline Profile InlinedProfile() {
  const SymbolFrame main{.function = "main", .file = "/src/seed.cc", .line = 9};
  const SymbolFrame half{.function = "Half", .file = "/src/seed.cc", .line = 3};
  SymbolFrame inlined = half;
  inlined.inlined = true;
  return ProfileBuilder()
      .Add({main, half}, {.count = 1})
      .Add({main, inlined}, {.count = 3})
      .Build();
}

// main -> Run -> { epoll_wait (idle) x 90, Fire -> Callback x 9, Fire x 1 }
inline Profile HubProfile() {
  const SymbolFrame main{.function = "main", .file = "/src/seed.cc", .line = 9};
  const SymbolFrame run{
      .function = "green::Hub::Run", .file = "green/hub.cc", .line = 80};
  const SymbolFrame fire{
      .function = "green::Hub::Fire", .file = "green/hub.cc", .line = 120};
  const SymbolFrame callback{
      .function = "Callback<int>", .file = "/src/seed.cc", .line = 4};
  const SymbolFrame wait{.function = "epoll_wait",
                         .module = "/usr/lib/libc.so.6"};
  return ProfileBuilder()
      .Add({main, run, wait}, {.idle = true, .count = 90})
      .Add({main, run, fire, callback}, {.count = 9})
      .Add({main, run, fire}, {.count = 1})
      .Build();
}

}  // namespace hubspy

#endif  // HUBSPY_TESTS_PROFILER_VIEW_PROFILES_H_
