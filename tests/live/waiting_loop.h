// A child that computes a little and waits a little, in turn, and judges its
// waits itself: what disturbs them, it counts.
//
//   const Shared<LoopCounts> counts;
//   Child child = ForkWaitingLoop(call, timeout_ns, counts);
//   ...                                       // watch it
//   EndWaitingLoop(child, counts);            // expects that nothing was
//
// Meanwhile another of its threads makes threads that end at once.
#ifndef HUBSPY_TESTS_LIVE_WAITING_LOOP_H_
#define HUBSPY_TESTS_LIVE_WAITING_LOOP_H_

#include <atomic>
#include <cstdint>

#include "live/blocking_call.h"
#include "support/child.h"
#include "support/sanitizers.h"
#include "support/shared.h"

namespace hubspy {

struct LoopCounts {
  std::atomic<bool> end = false;
  std::atomic<int64_t> turns = 0;  // waits that have ended
  // Of those: before their time was over by CLOCK_MONOTONIC, or before they
  // were woken; and with another error than that their time is over.
  std::atomic<int64_t> early = 0;
  std::atomic<int64_t> failed = 0;
  std::atomic<int> last_failure = 0;  // its errno
  std::atomic<int64_t> threads_ended = 0;

  // The last turn of which the wait was begun, was about to be woken, was
  // woken.
  std::atomic<int64_t> begun = 0;
  std::atomic<int64_t> waking = 0;
  std::atomic<int64_t> woken = 0;
};

// So often it is looked at, at kLooksHz. A sanitizer, under which a look takes
// ten times as long, looks for other faults, which are there at the first.
inline constexpr int kLooks = kAddressSanitizer ? 1000 : 10'000;
inline constexpr double kLooksHz = 1000;

// Instead of a timeout: each wait is woken by another thread.
inline constexpr int64_t kUntilWoken = 0;

// Its main thread waits with `call`, each time for the least multiple of the
// call's unit that is not below `timeout_ns`, which is below a second.
Child ForkWaitingLoop(const BlockingCall& call, int64_t timeout_ns,
                      const Shared<LoopCounts>& counts);

// Lets the loop end, and expects that it was not disturbed.
void EndWaitingLoop(Child& child, const Shared<LoopCounts>& counts);

}  // namespace hubspy

#endif  // HUBSPY_TESTS_LIVE_WAITING_LOOP_H_
