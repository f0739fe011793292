// Whether a thread is on a CPU, by what the kernel writes down each time that
// it leaves one or comes onto one (perf_event_open(2), PERF_RECORD_SWITCH).
//
//   auto log = SwitchLog::Open(tid);
//   const uint64_t before = log->written();
//   if (/proc says that the thread is not blocked)
//     waits = log->WaitsForCpu(before);
//
// A look is a read of memory. The thread pays a microsecond each time that it
// comes onto a CPU, as much as for being sampled; who stays there pays nothing,
// and who comes and goes all the time is not to be watched so (CostsTooMuch).
//
// The surprising part: whoever looks needs a CPU, too, and takes it from some
// thread, on a busy machine often from the one that it looks at. That one was
// on a CPU: what the caller itself has displaced does not wait.
#ifndef HUBSPY_TARGET_LINUX_SWITCH_LOG_H_
#define HUBSPY_TARGET_LINUX_SWITCH_LOG_H_

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "model/snapshot.h"
#include "target/linux/perf_event.h"

namespace hubspy {

class SwitchLog {
 public:
  // Of what happens from now on. Errors as PerfEvent::Open's.
  static absl::StatusOr<SwitchLog> Open(ThreadId tid);

  // Changes with each switch.
  uint64_t written() const;

  // Whether it comes onto CPUs so often, of late, that it pays more than two
  // thousandths of its time for that. `now_ns` is on any one monotonic clock.
  bool CostsTooMuch(int64_t now_ns);

  // Whether the thread wants a CPU and has none. It was found not to be blocked
  // after `written_before` was read. False where it has not switched yet.
  bool WaitsForCpu(uint64_t written_before) const;

 private:
  struct Switch {
    bool onto_cpu = false;
    bool ready = false;  // of one that left: it could have gone on
    int64_t at_ns = 0;   // CLOCK_MONOTONIC
    uint32_t cpu = 0;
  };

  explicit SwitchLog(PerfEvent event) : event_(std::move(event)) {}

  std::optional<Switch> Latest() const;
  static const absl::StatusOr<SwitchLog>& Ours();
  static bool IsOurDoing(const Switch& left);

  PerfEvent event_;
  // What was written at the latest time that the cost was looked at.
  int64_t counted_ns_ = 0;  // 0: not yet
  uint64_t counted_ = 0;
};

}  // namespace hubspy

#endif  // HUBSPY_TARGET_LINUX_SWITCH_LOG_H_
