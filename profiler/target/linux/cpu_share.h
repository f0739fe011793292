// What a thread that is not asleep does, it runs or it waits for a CPU, by what
// the scheduler has counted of both: where no switch tells it (switch_log.h).
//
//   share.Note(schedule, now_ns);           // at each look
//   if (the look succeeds) state = share.Next();
//
// The kernel adds a wait to its count only once it is over, and what a thread
// has run with each tick. So it is not known what it does now, but how it fared
// lately: of the looks of some tenths of a second, as many are called waiting
// as it has waited in them, spread evenly. Their sum is right, to a look.
#ifndef HUBSPY_TARGET_LINUX_CPU_SHARE_H_
#define HUBSPY_TARGET_LINUX_CPU_SHARE_H_

#include <cstdint>
#include <optional>

#include "model/kernel_facts.h"
#include "model/snapshot.h"

namespace hubspy {

class CpuShare {
 public:
  // Of a thread that was just found not to be asleep. `now_ns` is on any one
  // monotonic clock.
  void Note(const ThreadSchedule& schedule, int64_t now_ns);
  // kRunning or kRunnable.
  ThreadState Next();

 private:
  std::optional<ThreadSchedule> latest_;
  int64_t latest_ns_ = 0;     // when `latest_` was seen last
  int64_t unchanged_ns_ = 0;  // since when it has been as it is
  double ahead_ns_ = 0;       // waited, and not counted by the kernel yet
  // Of late; older times count less.
  double run_ns_ = 0;
  double waited_ns_ = 0;
  double owed_ = 0;  // looks at which it ran, and was not said to
};

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LINUX_CPU_SHARE_H_
