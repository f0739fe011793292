// Writes the pages that html_browser_test.py opens:
//
//   write_html timed    two threads and two green threads in the course of ten
//                       seconds, what their hub did, names that would break out
//                       of the document if they could
//   write_html untimed  the same stacks, and no times
//   write_html empty    nothing
//   write_html many N   N distinct stacks, a million spans
#include <iostream>
#include <string>

#include "profiler/view/profiles.h"
#include "support/time_units.h"
#include "view/html.h"

namespace hubspy {
namespace {

Profile TimedProfile() {
  const SymbolFrame main{.function = "main", .file = "/src/seed.cc", .line = 9};
  const SymbolFrame run{
      .function = "green::Hub::Run", .file = "green/hub.cc", .line = 80};
  const SymbolFrame wait{.function = "epoll_wait",
                         .module = "/usr/lib/x86_64-linux-gnu/libc.so.6"};
  const SymbolFrame parse{.function = "Parse",
                          .file = "/src/http/parser.cc",
                          .line = 214,
                          .module = "/opt/seed"};
  SymbolFrame copy{.function = "Copy<std::vector<char>>",
                   .file = "/src/http/parser.cc",
                   .line = 33,
                   .inlined = true};
  const SymbolFrame script{.function =
                               "</script><script>document.pwned=1</script>"};
  const SymbolFrame markup{.function =
                               "<!--<img src=x onerror='document.pwned=2'>"};
  const SymbolFrame bytes{.function =
                              "ill\xFF"
                              "formed\x1B[31m"};
  const SymbolFrame handle{
      .function = "Handle", .file = "/src/shop.cc", .line = 81};
  const SymbolFrame read{.function = "green::Socket::Read"};
  const GreenActivity reads{
      .id = 3, .state = GreenState::kWaiting, .waiting_for = WaitReason::kFd};
  ProfileBuilder builder;
  builder.Add({main, run, wait}, {.idle = true, .count = 500})
      .Add({main, run, parse, parse, copy}, {.count = 300})
      .Add({main, run, parse}, {.count = 200})
      .Add({main, script}, {.tid = 8, .count = 250})
      .Add({main, markup}, {.tid = 8, .count = 150})
      .Add({main, bytes}, {.tid = 8, .count = 25})
      .Add({handle, read}, {.count = 500, .green = reads})
      .Add({handle, parse}, {.count = 500, .green = GreenActivity{.id = 3}});
  Profile& profile = builder.profile();
  profile.samples[0].state = ThreadState::kSleeping;
  profile.samples[0].system_call = "epoll_wait";
  profile.pid = 7;
  profile.command = "./seed <b>&amp;</b>";
  profile.processes = {{7, profile.command}};
  profile.threads = {{7, "hub"}, {8, "<i>worker</i>"}};
  profile.green_threads = {{7, 3, "client"}};
  profile.made = {.version = "1.2.3",
                  .command_line = "hubspy record -o x.html -p 7",
                  .host = "box, Linux 6.1 x86_64",
                  .asked_rate_hz = 100,
                  .begin_unix_ns = 1'700'000'000'250'000'000};
  Profile::Lane hub{.tid = 7}, worker{.tid = 8}, client{.tid = 7, .green = 3};
  Profile::HubSeries loop{.tid = 7};
  for (int64_t second = 0; second < 10; ++second) {
    const int64_t at = second * 1000 * kMs;
    hub.spans.push_back({0, at, at + 500 * kMs, 50});
    hub.spans.push_back({1, at + 500 * kMs, at + 800 * kMs, 30});
    hub.spans.push_back({2, at + 800 * kMs, at + 1000 * kMs, 20});
  }
  // A thousand turns a second, two hundred in the second half.
  for (int64_t i = 0; i <= 100; ++i) {
    const auto turns =
        static_cast<uint64_t>(i <= 50 ? i * 100 : 5000 + (i - 50) * 20);
    loop.points.push_back({.at_ns = i * 100 * kMs,
                           .iterations = 77'000 + turns,
                           .timers_fired = turns / 2,
                           .switches = turns * 3,
                           .ready = static_cast<uint64_t>(i % 7),
                           .timers = 40});
  }
  worker.spans = {{3, 2000 * kMs, 4500 * kMs, 250},
                  {4, 4500 * kMs, 6000 * kMs, 150}};
  client.spans = {{6, 0, 5000 * kMs, 500}, {7, 5000 * kMs, 10'000 * kMs, 500}};
  profile.lanes = {hub, client, worker};
  profile.hubs = {loop};
  profile.long_turn_limit_ns = 100 * kMs;
  profile.long_turns = {{.tid = 7,
                         .begin_ns = 3000 * kMs,
                         .end_ns = 3412 * kMs,
                         .who = "green thread 3 (client)"},
                        {.tid = 7,
                         .begin_ns = 7200 * kMs,
                         .end_ns = 7900 * kMs,
                         .who = "<img src=x onerror='document.pwned=3'>"}};
  Profile built = builder.Build();
  built.quality.ticks = built.quality.looks = 1000;
  built.duration_ns = 10'000 * kMs;
  return built;
}

Profile UntimedProfile() {
  Profile profile = TimedProfile();
  profile.lanes.clear();
  profile.hubs.clear();
  profile.long_turns.clear();
  profile.long_turn_limit_ns = 0;
  return profile;
}

// Stacks of twenty frames, in twenty threads.
Profile ProfileOfMany(uint32_t stacks) {
  constexpr uint32_t kFunctions = 5000, kDepth = 20, kThreads = 20;
  constexpr int64_t kSpans = 1'000'000;
  Profile profile;
  for (uint32_t f = 0; f < kFunctions; ++f) {
    profile.frames.push_back({.function = "Function" + std::to_string(f),
                              .file = "/src/many.cc",
                              .line = static_cast<int>(f)});
  }
  uint64_t random = 1;
  const auto next = [&random](uint64_t below) {
    random = random * 6364136223846793005 + 1442695040888963407;
    return static_cast<uint32_t>((random >> 33) % below);
  };
  for (uint32_t s = 0; s < stacks; ++s) {
    Profile::Sample sample{.tid = static_cast<ThreadId>(s % kThreads + 1)};
    // The outer ones are shared by many, as in programs.
    for (uint32_t depth = kDepth; depth > 0; --depth) {
      sample.frames.push_back(depth < 6 ? depth + next(3) * 10
                                        : next(kFunctions));
    }
    profile.samples.push_back(sample);
  }
  for (uint32_t t = 0; t < kThreads; ++t) {
    profile.threads.push_back({static_cast<ThreadId>(t + 1), "worker"});
    Profile::Lane lane{.tid = static_cast<ThreadId>(t + 1)};
    for (int64_t i = 0; i < kSpans / kThreads; ++i) {
      const uint32_t sample = next(stacks / kThreads) * kThreads + t;
      ++profile.samples[sample].count;
      lane.spans.push_back({sample, i * kMs, (i + 1) * kMs, 1});
    }
    profile.lanes.push_back(std::move(lane));
  }
  profile.rate_hz = 1000;
  profile.quality.samples = kSpans;
  profile.duration_ns = kSpans / kThreads * kMs;
  return profile;
}

}  // namespace
}  // namespace hubspy

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "timed") {
    std::cout << hubspy::RenderHtml(hubspy::TimedProfile(),
                                    {.title = "seed <b>&amp;</b> \"program\""});
  } else if (what == "untimed") {
    std::cout << hubspy::RenderHtml(hubspy::UntimedProfile(),
                                    {.include_idle = true, .threads = true});
  } else if (what == "empty") {
    std::cout << hubspy::RenderHtml(hubspy::Profile(), {});
  } else if (what == "many" && argc == 3) {
    std::cout << hubspy::RenderHtml(
        hubspy::ProfileOfMany(static_cast<uint32_t>(std::stoul(argv[2]))), {});
  } else {
    std::cerr << "usage: write_html timed|untimed|empty|many N\n";
    return 2;
  }
  return 0;
}
