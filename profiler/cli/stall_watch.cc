#include "cli/stall_watch.h"

#include <algorithm>
#include <iterator>

namespace hubspy {
namespace {

constexpr int64_t kReadsPerLimit = 8;
// A reading takes some 10 us with all that belongs to it; and more seldom the
// end of a long stall would not be known well.
constexpr int64_t kShortestPeriodNs = 200'000;
constexpr int64_t kLongestPeriodNs = 25'000'000;
// A hub that is made meanwhile is noticed within that.
constexpr int64_t kFindHubsEveryNs = 100'000'000;
}  // namespace

StallWatch::StallWatch(Family& family, Waiter& waiter, const Options& options)
    : family_(family), waiter_(waiter), options_(options) {
  seen_.totals.limit_ns = options.limit_ns;
  seen_.recording.rate_hz = 1e6;
}

int64_t StallWatch::PeriodNs(int64_t limit_ns) {
  return std::clamp(limit_ns / kReadsPerLimit, kShortestPeriodNs,
                    kLongestPeriodNs);
}

Sampler::Stop StallWatch::Run(int64_t until_ns) {
  if (seen_.begin_ns == 0) seen_.begin_ns = waiter_.NowNs();
  const Sampler::Stop stop = Loop(until_ns);
  target_gone_ = stop == Sampler::Stop::kTargetGone;
  return stop;
}

StallsSeen StallWatch::SoFar() const {
  StallWatch ended = *this;
  for (Watched& watched : ended.hubs_) ended.Leave(watched, !target_gone_);
  StallsSeen& seen = ended.seen_;
  std::sort(seen.stalls.begin(), seen.stalls.end(),
            [](const SeenStall& a, const SeenStall& b) {
              return a.turn.begin_ns < b.turn.begin_ns;
            });
  seen.totals.watched_ns = waiter_.NowNs() - seen.begin_ns;
  seen.recording.duration_ns = seen.totals.watched_ns;
  return std::move(seen);
}

Sampler::Stop StallWatch::Loop(int64_t until_ns) {
  while (true) {
    if (waiter_.NowNs() >= hubs_due_ns_ && !FindHubs()) {
      return Sampler::Stop::kTargetGone;
    }
    const int64_t next_ns = std::min(NextReadNs(), until_ns);
    waiter_.WaitUntil(next_ns);
    if (waiter_.stop_requested()) return Sampler::Stop::kRequested;
    if (waiter_.pause_requested()) return Sampler::Stop::kPaused;
    read_due_ns_ = waiter_.NowNs() + PeriodNs(options_.limit_ns);
    ReadEach();
    if (next_ns == until_ns) return Sampler::Stop::kTimeIsUp;
  }
}

int64_t StallWatch::NextReadNs() const {
  int64_t next_ns = read_due_ns_;
  for (const Watched& watched : hubs_) {
    next_ns = std::min(next_ns, watched.tracker.look_due_ns());
  }
  return next_ns;
}

bool StallWatch::FindHubs() {
  hubs_due_ns_ = waiter_.NowNs() + kFindHubsEveryNs;
  if (!family_.Refresh().ok() || !family_.first().process().Alive()) {
    return false;
  }
  // A member that is gone is no more.
  for (Watched& watched : hubs_) watched.attachment = nullptr;
  for (const auto& member : family_.members()) FindHubsOf(*member);
  for (Watched& watched : hubs_) {
    if (watched.attachment == nullptr) Leave(watched, /*under_way=*/false);
  }
  std::erase_if(hubs_,
                [](const Watched& w) { return w.attachment == nullptr; });
  return true;
}

void StallWatch::FindHubsOf(Attachment& attachment) {
  const int32_t pid = attachment.process().pid();
  const absl::StatusOr<std::vector<HubView>> views = attachment.ReadHubs();
  if (!views.ok()) {
    // Caught half written; or garbage, of which nothing new is learnt.
    for (Watched& watched : hubs_) {
      if (watched.pid == pid) watched.attachment = &attachment;
    }
    return;
  }
  for (const HubView& view : *views) {
    const auto known =
        std::find_if(hubs_.begin(), hubs_.end(), [&](const Watched& w) {
          return w.pid == pid && w.hub.record == view.record &&
                 w.hub.tid == view.tid;
        });
    if (known != hubs_.end()) {
      known->attachment = &attachment;
      known->program = attachment.program_id();
      continue;
    }
    saw_a_hub_ = true;
    hubs_.push_back(
        {.attachment = &attachment,
         .pid = pid,
         .program = attachment.program_id(),
         .hub = view,
         .tracker = StallTracker(
             {.limit_ns = options_.limit_ns, .watch_begin_ns = seen_.begin_ns}),
         .since_ns = waiter_.NowNs()});
  }
}

void StallWatch::ReadEach() {
  for (size_t i = 0; i < hubs_.size();) {
    if (Read(hubs_[i])) {
      ++i;
      continue;
    }
    Leave(hubs_[i], /*under_way=*/false);
    hubs_.erase(hubs_.begin() + static_cast<ptrdiff_t>(i));
  }
}

bool StallWatch::Read(Watched& watched) {
  HubReader* const reader = watched.attachment->hub_reader();
  if (reader == nullptr) return false;
  const int64_t before_ns = waiter_.NowNs();
  absl::StatusOr<HubView> view = reader->ReadHub(watched.hub.record);
  const int64_t after_ns = waiter_.NowNs();
  if (!view.ok()) {
    // It turned all the while; else the process is going.
    if (!absl::IsAborted(view.status())) hubs_due_ns_ = after_ns;
    return true;
  }
  if (view->tid != watched.hub.tid) return false;
  watched.hub = *std::move(view);
  const StallTracker::Finding finding =
      watched.tracker.Note(watched.hub, before_ns, after_ns);
  seen_.totals.blind_ns += finding.blind_ns;
  if (finding.ended) Close(watched, *finding.ended);
  if (finding.unseen) LookBack(watched, *finding.unseen);
  if (!watched.tracker.stalled_since_ns()) return true;
  NoteRunner(watched, watched.hub.current, watched.hub.state);
  watched.wants_look |= finding.look;
  if (watched.wants_look) TakeStack(watched);
  return true;
}

void StallWatch::LookBack(Watched& watched, const UnseenTurn& unseen) {
  const auto greens =
      watched.attachment->hub_reader()->ReadGreenThreads(watched.hub);
  const auto resolved = greens.ok()
                            ? ResolveUnseen(unseen, options_.limit_ns, *greens)
                            : std::nullopt;
  if (!resolved) {
    seen_.totals.blind_ns += unseen.end_ns - unseen.after_ns;
    return;
  }
  const GreenThreadView& green = resolved->green;
  if (resolved->turn.switches == 1) {
    CountRunner(watched.open.runners, RunnerOf(green));
  }
  watched.open.problem = "hubspy came too late to look";
  Close(watched, resolved->turn);
}

// The thread, while the turn goes on: what it copied of the hub in the same
// instant tells.
void StallWatch::TakeStack(Watched& watched) {
  SeenStall& open = watched.open;
  if (open.looks.empty() &&
      HoldsNobody(*watched.attachment->hub_reader(), watched.hub)) {
    watched.holds_nobody = true;
  }
  if (watched.holds_nobody) return;
  const int64_t at_ns = waiter_.NowNs();
  absl::StatusOr<ThreadCapture> capture =
      watched.attachment->Capture(watched.hub.tid);
  if (!capture.ok()) {
    // What moved, or waited for a CPU, is looked at again with the next
    // reading.
    watched.wants_look = absl::IsAborted(capture.status());
    open.problem = std::string(capture.status().message());
    return;
  }
  watched.wants_look = false;
  const Snapshot& snapshot = capture->snapshot;
  if (snapshot.extra.size() < 2) return;  // not known for a hub's just now
  const absl::StatusOr<HubView> then =
      watched.attachment->hub_reader()->ParseHub(snapshot.extra[0],
                                                 snapshot.extra[1]);
  if (!then.ok() || !watched.tracker.IsOfThisTurn(*then)) return;
  open.looks.push_back({.at_ns = at_ns,
                        .stack = seen_.recording.Intern(capture->stack),
                        .state = snapshot.state});
  Quality& quality = seen_.recording.quality;
  if (snapshot.method == CaptureMethod::kPtrace) {
    ++quality.stops;
    quality.worst_pause_ns =
        std::max(quality.worst_pause_ns, snapshot.pause_ns);
  }
}

void StallWatch::NoteRunner(Watched& watched, Address current, HubState state) {
  HubReader* const reader = watched.attachment == nullptr
                                ? nullptr
                                : watched.attachment->hub_reader();
  if (reader == nullptr) return;
  if (auto runner = FindRunner(*reader, watched.hub, current, state)) {
    CountRunner(watched.open.runners, *std::move(runner));
  }
}

void StallWatch::Close(Watched& watched, const StalledTurn& turn) {
  if (watched.open.runners.empty() && turn.was_seen) {
    // Over before it was looked at; who ran is still there, or has ended.
    NoteRunner(watched, turn.current, turn.state);
  }
  SeenStall stall = std::exchange(watched.open, {});
  watched.wants_look = false;
  if (std::exchange(watched.holds_nobody, false)) return;
  stall.pid = watched.pid;
  stall.hub_tid = watched.hub.tid;
  stall.program = watched.program;
  stall.turn = turn;
  if (!stall.looks.empty()) {
    stall.problem.clear();
  } else if (stall.problem.empty()) {
    stall.problem = "it was over before it could be looked at";
  }
  stall.cause = CauseOf(stall.turn, stall.runners);
  CountTime(stall);
  Keep(std::move(stall));
}

// No more is read of it.
void StallWatch::Leave(Watched& watched, bool under_way) {
  seen_.totals.hub_ns += waiter_.NowNs() - watched.since_ns;
  if (auto turn = watched.tracker.Finish()) {
    watched.open.under_way = under_way;
    if (!under_way) turn->perhaps_longer_ns = waiter_.NowNs() - turn->end_ns;
    Close(watched, *turn);
  }
}

void StallWatch::CountTime(const SeenStall& stall) {
  const int64_t from_ns = std::max(stall.turn.begin_ns, seen_.begin_ns);
  const int64_t until_ns = std::max(from_ns, stall.turn.end_ns);
  seen_.totals.Add(stall.turn.length_ns(), until_ns - from_ns);
  seen_.totals.looks += static_cast<int64_t>(stall.looks.size());
  const auto add = [&](StackId stack, int64_t begin_ns, int64_t end_ns) {
    Recording::Key key = {.tid = stall.hub_tid, .stack = stack};
    if (options_.each_green && stall.cause == StallCause::kGreenThread) {
      const TurnRunner& runner = stall.runners.front();
      key.green = GreenActivity{.id = runner.id};
      seen_.recording.NameGreen({stall.hub_tid, runner.id},
                                {.name = runner.name,
                                 .program = stall.program,
                                 .entry = runner.entry});
    }
    // By differences, so that they add up to the whole.
    const int64_t us =
        (end_ns - seen_.begin_ns) / 1000 - (begin_ns - seen_.begin_ns) / 1000;
    if (us <= 0) return;
    seen_.recording.Add(key, us);
    seen_.recording.quality.ticks += us;
    seen_.recording.quality.samples += us;
    seen_.recording.quality.partial.Add(seen_.recording.stacks()[stack].end,
                                        us);
  };
  if (stall.looks.empty()) {
    add(seen_.recording.Intern({.program = stall.program}), from_ns, until_ns);
  }
  for (size_t i = 0; i < stall.looks.size(); ++i) {
    const bool is_last = i + 1 == stall.looks.size();
    add(stall.looks[i].stack, i == 0 ? from_ns : stall.looks[i].at_ns,
        is_last ? until_ns : std::min(until_ns, stall.looks[i + 1].at_ns));
  }
}

// The longest, by a heap whose top is the shortest of them.
void StallWatch::Keep(SeenStall stall) {
  const auto longer = [](const SeenStall& a, const SeenStall& b) {
    return a.turn.length_ns() > b.turn.length_ns();
  };
  seen_.stalls.push_back(std::move(stall));
  std::push_heap(seen_.stalls.begin(), seen_.stalls.end(), longer);
  if (seen_.stalls.size() <= kMostKept) return;
  std::pop_heap(seen_.stalls.begin(), seen_.stalls.end(), longer);
  seen_.stalls.pop_back();
}

}  // namespace hubspy
