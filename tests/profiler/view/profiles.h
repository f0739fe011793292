// Small profiles that several tests of view/ look at.
#ifndef HUBSPY_TESTS_PROFILER_VIEW_PROFILES_H_
#define HUBSPY_TESTS_PROFILER_VIEW_PROFILES_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "model/profile.h"
#include "support/time_units.h"

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
    ThreadState state = ThreadState::kRunning;
    std::string system_call = "";
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
                           .state = traits.state,
                           .system_call = traits.system_call,
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

// Two threads at 100 Hz, one with a hub, of which one green thread is told
// apart: inlined and recursive functions, a stack that was cut short and one
// that could not be read, names that would break out of a string. Half of the
// samples have times; the hub had two long turns.
inline Profile ProfileOfAllKinds() {
  const SymbolFrame main{.function = "main",
                         .file = "/src/seed.cc",
                         .line = 9,
                         .function_line = 7,
                         .module = "/opt/seed",
                         .address = Address(0x401010)};
  const SymbolFrame run{.function = "green::Hub::Run",
                        .file = "green/hub.cc",
                        .line = 80,
                        .module = "/opt/seed",
                        .address = Address(0x401020)};
  const SymbolFrame half{.function = "Half",
                         .file = "/src/seed.cc",
                         .line = 3,
                         .module = "/opt/seed",
                         .address = Address(0x401030)};
  SymbolFrame inlined = half;
  inlined.inlined = true;
  inlined.address = run.address;
  const SymbolFrame wait{.function = "epoll_wait",
                         .module = "/usr/lib/libc.so.6",
                         .address = Address(0x7f0000001000)};
  const SymbolFrame odd{.function =
                            "a\"b\\c</script>\x1B"
                            "\xFF"};
  const GreenActivity reads{
      .id = 3, .state = GreenState::kWaiting, .waiting_for = WaitReason::kFd};
  ProfileBuilder builder;
  builder
      .Add({main, run, wait}, {.idle = true,
                               .count = 60,
                               .state = ThreadState::kSleeping,
                               .system_call = "epoll_wait"})
      .Add({main, run, inlined}, {.count = 9})
      .Add({main, run, half, half}, {.count = 7})
      .Add({main, odd}, {.count = 4})
      .Add({main, run}, {.tid = 8, .count = 5, .state = ThreadState::kRunnable})
      .Add({half}, {.tid = 8, .count = 2})
      .Add({}, {.tid = 8, .count = 1})
      .Add({main, half}, {.idle = true, .count = 30, .green = reads})
      .Add({main, half}, {.count = 6, .green = GreenActivity{.id = 3}});
  Profile& profile = builder.profile();
  profile.samples[5].end = StackEnd::kNoUnwindTable;
  profile.samples[6].end = StackEnd::kUnreadableMemory;
  profile.pid = 7;
  profile.command = "./seed";
  profile.processes = {{7, "./seed"}};
  profile.threads = {{7, "hub"}, {8, "worker \"8\""}};
  profile.green_threads = {{7, 3, "client"}};
  profile.images = {{"/opt/seed",
                     "0123456789abcdef0123456789abcdef01234567",
                     {Address(0x400000), Address(0x410000)}},
                    {"/usr/lib/libc.so.6",
                     "",
                     {Address(0x7f0000000000), Address(0x7f0000010000)}}};
  profile.made = {.version = "1.2.3",
                  .command_line = "hubspy record -o x",
                  .host = "box, Linux 6.1 x86_64",
                  .asked_rate_hz = 100,
                  .begin_unix_ns = 1'700'000'000'250'000'000};
  // More than was counted is not believed: the last one.
  profile.lanes = {{7,
                    0,
                    {{0, 0, 200 * kMs, 20},
                     {1, 200 * kMs, 290 * kMs, 9},
                     {0, 400 * kMs, 500 * kMs, 10},
                     {3, 500 * kMs, 560 * kMs, 6}}},
                   {7, 3, {{7, 0, 300 * kMs, 30}}},
                   {8, 0, {{4, 10 * kMs, 40 * kMs, 3}}}};
  profile.hubs = {{0,
                   7,
                   {{.at_ns = 0, .iterations = 100, .timers = 3},
                    {.at_ns = 500 * kMs,
                     .iterations = 600,
                     .timers_fired = 50,
                     .switches = 1000,
                     .ready = 2,
                     .timers = 4}}}};
  profile.long_turn_limit_ns = 100 * kMs;
  profile.long_turns = {
      {0, 7, -50 * kMs, 100 * kMs, "green thread 3 (\"client\")"},
      {0, 7, 300 * kMs, 450 * kMs, ""}};
  profile.times_end_ns = 560 * kMs;
  Profile built = builder.Build();
  built.quality.ticks = 80;
  built.quality.looks = 80;
  built.duration_ns = 800 * kMs;
  return built;
}

}  // namespace hubspy

#endif  // HUBSPY_TESTS_PROFILER_VIEW_PROFILES_H_
