// Profiles in which every field is set.
#ifndef HUBSPY_TESTS_PROFILER_STORE_RECORDINGS_H_
#define HUBSPY_TESTS_PROFILER_STORE_RECORDINGS_H_

#include "model/profile.h"
#include "profiler/view/profiles.h"

namespace hubspy {

inline Profile RecordingOfEverything() {
  Profile profile = ProfileOfAllKinds();
  profile.processes.push_back({8, "./child"});
  profile.samples[4].process = 1;
  profile.samples[0].state = ThreadState::kSleeping;
  profile.samples[0].system_call = "epoll_wait";
  profile.frames.push_back(LeftOutMarker(99'300));
  profile.samples[1].frames.push_back(
      static_cast<uint32_t>(profile.frames.size() - 1));
  Quality& quality = profile.quality;
  quality.green_threads = 20;
  quality.late = 3;
  quality.failed = 4;
  quality.partial.Add(StackEnd::kNoUnwindTable, 2);
  quality.partial.Add(StackEnd::kFault, 1);
  quality.left_out = 5;
  quality.by_perf = 6;
  quality.lost = 7;
  quality.stops = 8;
  quality.worst_pause_ns = 55'000;
  quality.last_failure = "no such thread";
  profile.hubs = {{.process = 1,
                   .tid = 7,
                   .points = {{10'000'000, 100, 10, 1000, 3, 5},
                              {20'000'003, 90, 12, 1003, 0, 5},
                              {30'000'000, 400, 12, UINT64_MAX, 1, 4}}},
                  {.tid = 9}};
  profile.long_turn_limit_ns = 100'000'000;
  profile.long_turns = {{.process = 1,
                         .tid = 7,
                         .begin_ns = -160'000'000,
                         .end_ns = 238'000'001,
                         .who = "green thread 3 (client)"}};
  profile.part = "since 10s";
  // Not to a microsecond.
  profile.lanes[1].spans[0].end_ns += 1;
  return profile;
}

inline Profile RecordingOfStalls() {
  Profile profile = HubProfile();
  profile.rate_hz = 1e6;
  profile.stalls = StallTotals{.limit_ns = 100'000'000,
                               .watched_ns = 3'000'000'000,
                               .hub_ns = 6'000'000'000,
                               .count = 2,
                               .time_ns = 500'000'000,
                               .longest_ns = 300'000'000,
                               .lengths = {1, 0, 1},
                               .looks = 4,
                               .blind_ns = 1'000'000};
  return profile;
}

}  // namespace hubspy

#endif  // HUBSPY_TESTS_PROFILER_STORE_RECORDINGS_H_
