// Watches the hubs of a process for a while: evidence for diagnose/.
//
// Reads memory and /proc. Nothing that sleeps is stopped while watching, so
// that a hub which is stuck stays as it is; one that runs all the time is
// stopped 50 times a second, for some 20 us each, to see where it runs.
#ifndef HUBSPY_CLI_HUB_WATCHER_H_
#define HUBSPY_CLI_HUB_WATCHER_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/attachment.h"
#include "cli/hub_evidence.h"
#include "sample/sampler.h"
#include "target/kernel_view.h"

namespace hubspy {

// Attachment::ReadHubs; a hub that lost its CPU while it wrote is half-way
// until it has it again, for which this waits up to a second. Aborted: it has
// not.
absl::StatusOr<std::vector<HubView>> ReadHubsPatiently(Attachment& attachment,
                                                       Waiter& waiter);

// One per hub; none in a process without one. Ends before `duration` when every
// hub's clock is already known to be wrong, and up to 2.5 s after it when a
// hub's clock cannot be judged yet, because the hub did not turn, but soon
// will.
absl::StatusOr<std::vector<WatchedHub>> WatchHubs(Attachment& attachment,
                                                  const KernelView& kernel,
                                                  Waiter& waiter,
                                                  HubDescriber& describer,
                                                  absl::Duration duration);

// The same of a core, which shows one instant and not what time it was. The
// latest reading that any hub took of CLOCK_MONOTONIC stands for that.
absl::StatusOr<std::vector<WatchedHub>> LookAtHubsOnce(Attachment& attachment,
                                                       HubDescriber& describer);

}  // namespace hubspy

#endif  // HUBSPY_CLI_HUB_WATCHER_H_
