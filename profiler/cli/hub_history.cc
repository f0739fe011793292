#include "cli/hub_history.h"

#include <algorithm>
#include <utility>

#include "model/words.h"
#include "target/now.h"

namespace hubspy {

void HubHistory::Read(const Family& family, int64_t begin_ns) {
  const int64_t now_ns = NowNs();
  if (begin_ns_ != 0 && begin_ns != begin_ns_) {
    begin_before_ns_ = begin_ns_;
    resumed_ns_ = now_ns;
  }
  begin_ns_ = begin_ns;
  if (now_ns < due_ns_) return;
  due_ns_ = now_ns + kLeastBetweenNs;
  ++reading_;
  for (const auto& member : family.members()) {
    if (member->hub_reader() != nullptr) ReadHubsOf(*member);
  }
  absl::erase_if(watched_, [this](auto& entry) {
    Watched& watched = entry.second;
    if (watched.reading == reading_) return false;
    if (const auto turn = watched.tracker.Finish()) {
      End(entry.first, *turn, watched);
    }
    return true;
  });
}

void HubHistory::ReadHubsOf(Attachment& attachment) {
  HubReader& reader = *attachment.hub_reader();
  for (const auto& [tid, known] : attachment.hubs()) {
    const std::optional<size_t> hub = HubOf(attachment, known);
    if (!hub) continue;
    watched_
        .try_emplace(
            *hub,
            Watched{.tracker = StallTracker({.limit_ns = kLongTurnNs,
                                             .watch_begin_ns = begin_ns_})})
        .first->second.reading = reading_;
    const int64_t before_ns = NowNs();
    const absl::StatusOr<HubView> view = reader.ReadHub(known.record);
    if (!view.ok() || view->tid != tid) continue;
    points_.Add(*hub, {.at_ns = AtNs(before_ns),
                       .iterations = view->iterations,
                       .timers_fired = view->timers_fired,
                       .switches = view->switches,
                       .ready = view->ready,
                       .timers = view->timers});
    ReadTurn(*hub, reader, *view, before_ns);
  }
}

std::optional<size_t> HubHistory::HubOf(Attachment& attachment,
                                        const HubView& view) {
  const auto key =
      std::tuple(attachment.process().pid(), view.tid, view.record);
  const auto known = ids_.find(key);
  if (known != ids_.end()) return known->second;
  if (hubs_.size() >= kMostHubs) return std::nullopt;
  hubs_.push_back({.program = attachment.program_id(), .tid = view.tid});
  return ids_[key] = hubs_.size() - 1;
}

void HubHistory::ReadTurn(size_t hub, HubReader& reader, const HubView& view,
                          int64_t before_ns) {
  Watched& watched = watched_.at(hub);
  const StallTracker::Finding finding =
      watched.tracker.Note(view, before_ns, NowNs());
  if (finding.ended) {
    if (watched.runners.empty()) {
      // Over before it was looked at; who ran is still there, or has ended.
      if (auto runner = FindRunner(reader, view, finding.ended->current,
                                   finding.ended->state)) {
        watched.runners.push_back(*std::move(runner));
      }
    }
    End(hub, *finding.ended, watched);
  }
  const std::optional<int64_t> since_ns = watched.tracker.stalled_since_ns();
  if (!since_ns) return;
  if (!watched.since_ns) {
    if (watched.runners.empty()) {
      watched.holds_nobody = HoldsNobody(reader, view);
    }
    watched.since_ns = AtNs(*since_ns);
  }
  if (auto runner = FindRunner(reader, view, view.current, view.state)) {
    CountRunner(watched.runners, *std::move(runner));
  }
}

int64_t HubHistory::AtNs(int64_t steady_ns) const {
  return steady_ns - (steady_ns < resumed_ns_ ? begin_before_ns_ : begin_ns_);
}

// The longest, by a heap whose top is the shortest of them.
void HubHistory::End(size_t hub, const StalledTurn& turn, Watched& watched) {
  LongTurn ended = {.hub = hub,
                    .begin_ns = watched.since_ns.value_or(AtNs(turn.begin_ns)),
                    .cause = CauseOf(turn, watched.runners)};
  ended.end_ns = std::max(ended.begin_ns, AtNs(turn.end_ns));
  if (!watched.runners.empty()) ended.runner = watched.runners.front();
  watched.since_ns.reset();
  watched.runners.clear();
  if (std::exchange(watched.holds_nobody, false)) return;
  const auto longer = [](const LongTurn& a, const LongTurn& b) {
    return a.length_ns() > b.length_ns();
  };
  long_turns_.push_back(std::move(ended));
  std::push_heap(long_turns_.begin(), long_turns_.end(), longer);
  if (long_turns_.size() <= kMostLongTurns) return;
  std::pop_heap(long_turns_.begin(), long_turns_.end(), longer);
  long_turns_.pop_back();
}

void HubHistory::BeginNext() {
  begin_ns_ = begin_before_ns_ = resumed_ns_ = 0;
  points_ = HubPoints();
  long_turns_.clear();
  for (auto& [hub, watched] : watched_) watched.since_ns.reset();
}

void HubHistory::AddTo(Profile& profile, absl::Span<const Program> programs,
                       Symbolizer& symbolizer) const {
  HubHistory ended = *this;
  for (auto& [hub, watched] : ended.watched_) {
    if (const auto turn = watched.tracker.Finish()) {
      ended.End(hub, *turn, watched);
    }
  }
  const auto process_of = [&](const Hub& hub) {
    const Program& program = programs[hub.program];
    const Profile::Process wanted = {program.pid, program.command};
    const auto found =
        std::find(profile.processes.begin(), profile.processes.end(), wanted);
    return static_cast<uint32_t>(found - profile.processes.begin());
  };
  for (size_t i = 0; i < points_.hubs(); ++i) {
    std::vector<HubPoints::Point> points = points_.Of(i);
    if (points.empty()) continue;
    profile.hubs.push_back({.process = process_of(hubs_[i]),
                            .tid = hubs_[i].tid,
                            .points = std::move(points)});
  }
  RunnerNames names(programs, symbolizer);
  profile.long_turn_limit_ns = kLongTurnNs;
  for (const LongTurn& turn : ended.long_turns_) {
    const Hub& hub = hubs_[turn.hub];
    std::string who;
    if (turn.cause == StallCause::kQueue) {
      who = "a queue that was too long";
    } else if (turn.cause != StallCause::kUnknown) {
      who = words::TurnRunner(turn.runner.kind, turn.runner.id,
                              names.NameOf(hub.program, turn.runner));
    }
    profile.long_turns.push_back({.process = process_of(hub),
                                  .tid = hub.tid,
                                  .begin_ns = turn.begin_ns,
                                  .end_ns = turn.end_ns,
                                  .who = std::move(who)});
  }
  std::sort(profile.long_turns.begin(), profile.long_turns.end(),
            [](const Profile::LongTurn& a, const Profile::LongTurn& b) {
              return std::tie(a.begin_ns, a.tid) < std::tie(b.begin_ns, b.tid);
            });
}

}  // namespace hubspy
