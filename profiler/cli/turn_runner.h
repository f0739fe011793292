// Who has a hub's thread in a turn of its loop: what all who watch for long
// turns share (stall_watch.h, hub_history.h).
#ifndef HUBSPY_CLI_TURN_RUNNER_H_
#define HUBSPY_CLI_TURN_RUNNER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "hubs/hub_reader.h"
#include "model/address.h"
#include "model/hub.h"
#include "model/stack.h"
#include "model/stall.h"
#include "sample/stall_tracker.h"
#include "symbolize/name_recording.h"
#include "symbolize/symbolizer.h"

namespace hubspy {

// As StallReport::Runner, before it is named.
struct TurnRunner {
  StallCause kind = StallCause::kUnknown;
  uint64_t id = 0;
  std::string name;
  Address entry;
  Address spawn_site;
  int64_t times = 0;
};

TurnRunner RunnerOf(const GreenThreadView& green);
// Who is `current` (zero: no green thread) while the hub is in `state`.
// nullopt: that cannot be read any more.
std::optional<TurnRunner> FindRunner(HubReader& reader, const HubView& hub,
                                     Address current, HubState state);
// Once more found running; of thousands in a queue only so many are kept.
void CountRunner(std::vector<TurnRunner>& runners, TurnRunner runner);
// What made a turn long, of which these were found running; sorts them, most
// often found first.
StallCause CauseOf(const StalledTurn& turn, std::vector<TurnRunner>& runners);

// Nobody waits for the thread's own code where there is no green thread: before
// the first, and after the last.
bool HoldsNobody(HubReader& reader, const HubView& hub);

// Names each once: by its own name, else by its function; of a lambda, by where
// it was spawned. What is no green thread has no name.
class RunnerNames {
 public:
  // Borrows both.
  RunnerNames(absl::Span<const Program> programs, Symbolizer& symbolizer)
      : programs_(programs), symbolizer_(symbolizer) {}

  std::string NameOf(ProgramId program, const TurnRunner& runner);

 private:
  absl::Span<const Program> programs_;
  Symbolizer& symbolizer_;
  absl::flat_hash_map<std::tuple<ProgramId, Address, Address>, std::string>
      names_;
};

}  // namespace hubspy

#endif  // HUBSPY_CLI_TURN_RUNNER_H_
