// Which threads have slept on since a look at them, without a system call: what
// a process of hundreds of sleeping threads costs whoever watches it.
//
//   if (watch.StillIn(tid, token)) ...                  // some nanoseconds
//   const auto mark = watch.BeforeLook(tid);
//   if (the thread is still in that sleep, as /proc tells)
//     watch.Confirm(tid, token, mark);                  // the next time it
//     will
//
// How it can be trusted: each thread has a perf event that counts nothing,
// whose page changes before the thread executes its next instruction. The mark
// was read before /proc said that the thread sleeps; while the page holds the
// same, the thread has not been on a CPU since.
//
// The surprising part: where perf events are refused, or there are too many,
// this answers no, and whoever asks has to ask /proc.
#ifndef HUBSPY_TARGET_LINUX_SLEEP_WATCH_H_
#define HUBSPY_TARGET_LINUX_SLEEP_WATCH_H_

#include <cstdint>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "model/snapshot.h"
#include "target/linux/perf_event.h"

namespace hubspy {

class SleepWatch {
 public:
  // What a thread's page held; nullopt: it has none.
  using Mark = std::optional<uint32_t>;

  bool StillIn(ThreadId tid, const SleepToken& token) const;

  // Begins to watch the thread, the first time.
  Mark BeforeLook(ThreadId tid);
  void Confirm(ThreadId tid, const SleepToken& token, Mark mark);

  void Forget(ThreadId tid) { threads_.erase(tid); }
  // Forgets all threads but these, which are sorted.
  void KeepOnly(absl::Span<const ThreadId> tids);

 private:
  struct Thread {
    PerfEvent event;
    uint32_t mark = 0;
    std::optional<SleepToken> asleep;
  };

  bool refused_ = false;
  absl::flat_hash_map<ThreadId, Thread> threads_;
};

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LINUX_SLEEP_WATCH_H_
