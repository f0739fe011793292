// The green threads' part of a dump.
#ifndef HUBSPY_CLI_DUMP_GREENS_H_
#define HUBSPY_CLI_DUMP_GREENS_H_

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "cli/attachment.h"
#include "model/dump.h"
#include "model/recording.h"
#include "symbolize/symbolizer.h"
#include "target/kernel_view.h"

namespace hubspy {

class GreenDumper {
 public:
  // `kernel`: null for a core. `seen`: is given every stack. Nothing is owned.
  GreenDumper(Attachment& attachment, const KernelView* kernel,
              Symbolizer& symbolizer, Recording& seen)
      : attachment_(attachment),
        kernel_(kernel),
        symbolizer_(symbolizer),
        seen_(seen) {}

  // Looks at them again and again, a hundred times a second or as often as
  // takes half of the time, so that Describe can tell what they did.
  absl::Status Watch(int64_t duration_ns);

  // As they are now. DataLoss, Aborted: what a hub publishes cannot be
  // understood, or did not hold still.
  absl::Status Describe(Dump& dump);

 private:
  absl::StatusOr<std::vector<HubView>> ReadHubs();
  absl::Status DescribeHub(const HubView& hub, int64_t now_real_ns, Dump& dump);
  uint32_t StackIndex(const Stack& stack, Dump& dump);
  std::optional<uint32_t> SpawnSite(Address site, Dump& dump);
  void LookAtFds(Dump& dump);

  Attachment& attachment_;
  const KernelView* kernel_;
  Symbolizer& symbolizer_;
  Recording& seen_;
  std::optional<int64_t> watched_since_ns_;
  // What is in the dump already. Those of one hub that are equal are one
  // object.
  absl::flat_hash_map<const Stack*, uint32_t> stacks_;
  absl::flat_hash_map<StackId, uint32_t> stack_ids_;
  absl::flat_hash_map<Address, uint32_t> spawn_sites_;
  size_t zeroed_ = 0;
};

}  // namespace hubspy

#endif  // HUBSPY_CLI_DUMP_GREENS_H_
