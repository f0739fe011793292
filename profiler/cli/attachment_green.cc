// What an Attachment does with green threads that do not run.
#include <optional>
#include <utility>

#include "cli/attachment.h"
#include "target/now.h"

namespace hubspy {

GreenWatch& Attachment::WatchOf(const HubView& hub) {
  const auto unwind = [this](const Registers& registers,
                             const MemoryCopy& stack) {
    return Unwind(registers, stack, {.top_is_return = true});
  };
  return green_watches_.try_emplace(hub.record, program_, unwind).first->second;
}

Stack Attachment::UnwindSuspended(const HubView& hub,
                                  const GreenThreadView& green) {
  const WatchedGreen looked_at = WatchOf(hub).LookAt(*hub_reader_, hub, green);
  return looked_at.stack == nullptr ? Stack() : *looked_at.stack;
}

absl::StatusOr<const GreenWatch*> Attachment::LookAtGreenThreadsOf(
    const HubView& hub) {
  GreenWatch& watch = WatchOf(hub);
  if (absl::Status looked = watch.Look(*hub_reader_, hub, NowNs());
      !looked.ok()) {
    return looked;
  }
  return &watch;
}

// Of what is published only the list of slabs is needed, which grows: `hubs_`
// knows it as it was a moment ago.
void Attachment::AddGreenThreads(std::vector<ThreadLook>& looks) {
  for (const auto& [tid, hub] : hubs_) {
    GreenWatch& watch = WatchOf(hub);
    if (absl::Status looked = watch.Look(*hub_reader_, hub, NowNs());
        !looked.ok()) {
      looks.push_back({.tid = tid, .status = std::move(looked)});
      continue;
    }
    // clang 14 cannot capture a structured binding.
    watch.ForEach([&, hub_tid = tid](const WatchedGreen& green) {
      const GreenThreadView& view = green.view;
      if (!green.problem.ok()) {
        looks.push_back({.tid = hub_tid, .status = green.problem});
      }
      // It runs, or is the thread's own code, which the thread itself shows.
      if (green.stack == nullptr) return;
      looks.push_back(
          {.tid = hub_tid,
           .idle = view.state == GreenState::kWaiting && !green.has_moved,
           .stack = green.stack,
           .green = GreenActivity{.id = view.id,
                                  .state = view.state,
                                  .waiting_for = view.waiting_for}});
      if (green_looks_.names) RememberName(view);
    });
  }
}

void Attachment::RememberName(const GreenThreadView& green) {
  Recording::GreenName& name = green_names_[{green.hub_tid, green.id}];
  name.program = program_;
  name.entry = green.entry;
  if (name.name != green.name) name.name = green.name;  // it may come later
}

}  // namespace hubspy
