#include "cli/turn_runner.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/naming.h"
#include "view/frame_label.h"

namespace hubspy {
namespace {

// In a queue of thousands, who was seen often will be among the first.
constexpr size_t kMostRunners = 256;

bool IsSame(const TurnRunner& a, const TurnRunner& b) {
  return a.kind == b.kind && a.id == b.id;
}

}  // namespace

TurnRunner RunnerOf(const GreenThreadView& green) {
  return {.kind = StallCause::kGreenThread,
          .id = green.id,
          .name = green.name,
          .entry = green.entry,
          .spawn_site = green.spawn_site};
}

std::optional<TurnRunner> FindRunner(HubReader& reader, const HubView& hub,
                                     Address current, HubState state) {
  if (current) {
    const auto green = reader.ReadGreenThread(hub, current);
    if (!green.ok() || green->id == 0) return std::nullopt;
    return RunnerOf(*green);
  }
  if (state == HubState::kFiringTimers) {
    return TurnRunner{.kind = StallCause::kCallbacks};
  }
  const auto own = reader.ReadGreenThread(hub, hub.own_code);
  const bool is_own = own.ok() && own->state == GreenState::kRunning;
  return TurnRunner{.kind = is_own ? StallCause::kOwnCode : StallCause::kHub};
}

void CountRunner(std::vector<TurnRunner>& runners, TurnRunner runner) {
  const auto known =
      std::find_if(runners.begin(), runners.end(),
                   [&](const TurnRunner& r) { return IsSame(r, runner); });
  if (known != runners.end()) {
    ++known->times;
  } else if (runners.size() < kMostRunners) {
    runner.times = 1;
    runners.push_back(std::move(runner));
  }
}

StallCause CauseOf(const StalledTurn& turn, std::vector<TurnRunner>& runners) {
  std::stable_sort(
      runners.begin(), runners.end(),
      [](const auto& a, const auto& b) { return a.times > b.times; });
  const bool one = turn.switches <= 1 || 2 * turn.held_ns >= turn.length_ns();
  if (!one) return turn.was_seen ? StallCause::kQueue : StallCause::kUnknown;
  return runners.empty() ? StallCause::kUnknown : runners.front().kind;
}

bool HoldsNobody(HubReader& reader, const HubView& hub) {
  if (hub.current || hub.state != HubState::kRunning) return false;
  const auto greens = reader.ReadGreenThreads(hub);
  return greens.ok() && greens->empty();
}

std::string RunnerNames::NameOf(ProgramId program, const TurnRunner& runner) {
  if (runner.kind != StallCause::kGreenThread) return "";
  if (!runner.name.empty()) return runner.name;
  const auto [known, is_new] =
      names_.try_emplace({program, runner.entry, runner.spawn_site}, "");
  if (!is_new) return known->second;
  const Program& of = programs_[program];
  known->second = NameGreenThread("", runner.entry, *of.modules, symbolizer_);
  if (known->second.empty() && runner.spawn_site) {
    known->second = absl::StrCat(
        "spawned in ",
        FrameLabel(NameSpawnSite(runner.spawn_site, of, symbolizer_)));
  }
  return known->second;
}

}  // namespace hubspy
