// A profile thread by thread, each one's samples in the order in which they
// were taken: what the formats share that show time (speedscope, chrometrace,
// firefox).
//
//   for (const Lane& lane : LanesOf(profile, folded))
//     for (const LaneSpan& s : lane.spans) use(folded.stacks[s.stack].labels);
//
// The surprising part: every sample of `folded` is in one of the spans, once,
// also where it is not known when it was taken: then behind the end of the
// recording, so that totals are the same in every format. UntimedNote says so.
#ifndef HUBSPY_VIEW_LANES_H_
#define HUBSPY_VIEW_LANES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "model/profile.h"
#include "view/fold.h"

namespace hubspy {

struct LaneSpan {
  uint32_t stack = 0;  // index into FoldedProfile::stacks
  int64_t begin_ns = 0;
  int64_t end_ns = 0;  // above begin_ns
  int64_t count = 0;   // samples; above 0
};

struct Lane {
  uint32_t process = 0;  // index into Profile::processes, if there are any
  ThreadId tid = 0;
  uint64_t green = 0;  // 0: the thread's own, and what is not told apart
  std::string name;    // "thread (7): hub", "green thread (3): client"
  std::vector<LaneSpan> spans;  // in order, disjoint; never empty
  int64_t untimed = 0;          // samples without a time, its last ones
};

// `folded` is of `profile`. By process, thread and green thread.
std::vector<Lane> LanesOf(const Profile& profile, const FoldedProfile& folded);

// "812 samples without a time: behind the others of the thread", and why; empty
// when every one has its time.
std::string UntimedNote(const Profile& profile, const std::vector<Lane>& lanes);

// "green thread 3 (foo)", "not known who".
std::string WhoIn(const Profile::LongTurn& turn);

// The process of a lane; its id is the profile's where there is no list.
Profile::Process ProcessOf(const Profile& profile, const Lane& lane);

}  // namespace hubspy

#endif  // HUBSPY_VIEW_LANES_H_
