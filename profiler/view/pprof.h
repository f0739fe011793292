// Profile -> pprof's profile.proto, packed with gzip, which Go's pprof, Parca,
// Pyroscope and others read:
//
//   https://github.com/google/pprof/blob/main/proto/profile.proto
//
// Each sample has its count and its wall time, and labels: thread (its name),
// tid, state ("sleeping: epoll_wait"; words::State), process where there are
// several, and where green threads were sampled green_thread and green_id.
// Inlined frames are lines of the location that they were inlined into. The
// facts (view/facts.h) are its comments.
#ifndef HUBSPY_VIEW_PPROF_H_
#define HUBSPY_VIEW_PPROF_H_

#include <string>

#include "model/profile.h"

namespace hubspy {

struct PprofOptions {
  bool include_idle = false;
};

std::string RenderPprof(const Profile& profile, const PprofOptions& options);

}  // namespace hubspy

#endif  // HUBSPY_VIEW_PPROF_H_
