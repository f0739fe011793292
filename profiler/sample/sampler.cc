#include "sample/sampler.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace hubspy {

Sampler::Sampler(LookFunction look, Waiter& waiter, const Options& options)
    : look_(std::move(look)),
      waiter_(waiter),
      rate_hz_(options.rate_hz),
      pacer_(options.rate_hz, options.seed, waiter.NowNs()),
      limit_(options.rate_hz, waiter.NowNs()),
      each_green_(options.each_green) {}

Sampler::Stop Sampler::Run(Recording& recording, int64_t until_ns) {
  interned_.clear();  // ids belong to a recording
  shared_.clear();
  if (recording.quality.ticks == 0) {
    recording.rate_hz = rate_hz_;
    idle_so_far_.clear();
  }
  if (recording.rate_hz > rate_hz_) {
    const double ratio = rate_hz_ / recording.rate_hz;
    for (auto& [id, idle] : idle_so_far_) idle.samples *= ratio;
    recording.ReduceRate(rate_hz_);
  }
  begin_ns_ = waiter_.NowNs() - recording.duration_ns;
  const Stop why = Loop(recording, until_ns);
  recording.duration_ns = waiter_.NowNs() - begin_ns_;
  return why;
}

Sampler::Stop Sampler::Loop(Recording& recording, int64_t until_ns) {
  while (true) {
    const int64_t next_ns = std::min(pacer_.due_ns(), until_ns);
    waiter_.WaitUntil(next_ns);
    if (waiter_.stop_requested()) return Stop::kRequested;
    if (waiter_.pause_requested()) return Stop::kPaused;
    if (next_ns == until_ns) return Stop::kTimeIsUp;
    const int64_t begin_ns = waiter_.NowNs();
    const Pacer::Tick tick = pacer_.Take(begin_ns);
    ++recording.quality.looks;
    absl::StatusOr<std::vector<ThreadLook>> looks = look_();
    if (looks.ok()) {
      Count(recording, *looks, tick, begin_ns);
    } else if (absl::IsNotFound(looks.status())) {
      return Stop::kTargetGone;
    } else {
      recording.quality.ticks += tick.covers;
      recording.quality.failed += tick.covers;
      recording.quality.last_failure = std::string(looks.status().message());
    }
    const int64_t end_ns = waiter_.NowNs();
    if (const auto lowered = limit_.Note(begin_ns, end_ns)) {
      lowered_ = lowered;
      rate_hz_ = lowered->to_hz;
      pacer_.ChangeRate(rate_hz_, end_ns);
      return Stop::kRateLowered;
    }
  }
}

void Sampler::Count(Recording& recording, const std::vector<ThreadLook>& looks,
                    const Pacer::Tick& tick, int64_t at_ns) {
  Quality& quality = recording.quality;
  const Timeline::Look when = {.number = quality.looks,
                               .at_ns = at_ns - begin_ns_,
                               .period_ns = pacer_.period_ns()};
  quality.ticks += tick.covers;
  quality.late += tick.late;
  int64_t green_threads = 0;
  for (const ThreadLook& look : looks) {
    green_threads += look.green.has_value();
    if (!look.status.ok()) {
      quality.failed += tick.covers;
      quality.last_failure = std::string(look.status.message());
      continue;
    }
    quality.samples += tick.covers;
    quality.partial.Add(look.stack->end, tick.covers);
    if (look.stack->left_out.count > 0) quality.left_out += tick.covers;
    quality.lost += look.lost;
    if (look.method == CaptureMethod::kPerf) quality.by_perf += tick.covers;
    if (look.method == CaptureMethod::kPtrace) {
      ++quality.stops;
      quality.worst_pause_ns = std::max(quality.worst_pause_ns, look.pause_ns);
    }
    Recording::Key key = {.tid = look.tid,
                          .stack = Intern(recording, look),
                          .idle = look.idle,
                          .activity = look.activity,
                          .green = look.green};
    if (key.green && !each_green_) key.green->id = 0;
    recording.AddAt(when, key, tick.covers);
    if (look.green) NoteIdle(recording, key, *look.green, tick.covers);
  }
  quality.green_threads = std::max(quality.green_threads, green_threads);
}

// Whoever is found to have moved was not idle before, either.
void Sampler::NoteIdle(Recording& recording, const Recording::Key& key,
                       const GreenActivity& green, int64_t count) {
  const Recording::GreenId id = {key.tid, green.id};
  if (key.idle) {
    Idle& idle = idle_so_far_[id];
    idle.key = key;
    idle.samples += static_cast<double>(count);
  } else if (const auto idle = idle_so_far_.find(id);
             idle != idle_so_far_.end()) {
    recording.Unidle(idle->second.key, std::llround(idle->second.samples));
    idle_so_far_.erase(idle);
  }
}

StackId Sampler::Intern(Recording& recording, const ThreadLook& look) {
  if (look.green && look.green->state != GreenState::kRunning) {
    const auto [it, inserted] = shared_.try_emplace(look.stack);
    if (inserted) it->second = recording.Intern(*look.stack);
    return it->second;
  }
  auto& [stack, id] = interned_[look.tid];
  if (stack != look.stack) {
    stack = look.stack;
    id = recording.Intern(*look.stack);
  }
  return id;
}

}  // namespace hubspy
