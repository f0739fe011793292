// A child that runs and runs, and shows what a capture of it must have seen.
#ifndef HUBSPY_TESTS_LIVE_SPINNING_H_
#define HUBSPY_TESTS_LIVE_SPINNING_H_

#include <atomic>
#include <cstdint>

#include "model/address.h"
#include "support/child.h"
#include "support/shared.h"

namespace hubspy {

// On pages of their own, so that no single copy can catch both by luck.
struct SpinCounters {
  alignas(4096) volatile uint64_t first = 0;
  alignas(4096) volatile uint64_t last = 0;
  std::atomic<uint64_t> stack_address = 0;
};

// Counts forever: stores each number to `first`, then to its own stack (at
// `stack_address`), then to `last`. It is in SpinCode() already.
Child ForkSpinning(const Shared<SpinCounters>& counters);

// The instructions of the loop.
AddressRange SpinCode();

// Returns once the child has counted on.
void AwaitProgress(const Shared<SpinCounters>& counters);

// Runs for so many turns of an empty loop.
void Burn(int turns);

// The thread that traces thread `tid`; 0: none.
int32_t TracerOf(int32_t tid);

}  // namespace hubspy

#endif  // HUBSPY_TESTS_LIVE_SPINNING_H_
