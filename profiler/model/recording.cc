#include "model/recording.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

namespace hubspy {
namespace {

int64_t Scaled(int64_t count, double ratio) {
  return std::llround(static_cast<double>(count) * ratio);
}

}  // namespace

StackId Recording::Intern(const Stack& stack) {
  auto [it, inserted] = ids_.try_emplace(
      StackKey{stack.program, stack.frames, stack.end, stack.left_out.after},
      static_cast<StackId>(stacks_.size()));
  if (inserted) stacks_.push_back(stack);
  return it->second;
}

void Recording::Add(const Key& key, int64_t count) { counts_[key] += count; }

void Recording::AddAt(const Timeline::Look& look, const Key& key,
                      int64_t count) {
  Add(key, count);
  const bool one_of_many = key.green && key.green->id == 0 &&
                           key.green->state != GreenState::kRunning;
  if (!timed_ || one_of_many) return;
  const GreenId lane = {key.tid, key.green ? key.green->id : 0};
  const auto [lane_id, new_lane] = timed_->lane_ids.try_emplace(
      lane, static_cast<uint32_t>(timed_->lanes.size()));
  if (new_lane) timed_->lanes.push_back(lane);
  const auto [key_id, new_key] = timed_->key_ids.try_emplace(
      key, static_cast<uint32_t>(timed_->keys.size()));
  if (new_key) timed_->keys.push_back(key);
  timed_->times.Add(lane_id->second, key_id->second, look, count);
}

void Recording::Unidle(Key key, int64_t count) {
  key.idle = true;
  const auto idle = counts_.find(key);
  if (idle == counts_.end()) return;
  count = std::min(count, idle->second);
  idle->second -= count;
  if (idle->second == 0) counts_.erase(idle);
  key.idle = false;
  if (count > 0) Add(key, count);
}

void Recording::NameGreen(const GreenId& id, GreenName name) {
  green_names_[id] = std::move(name);
}

void Recording::NameSystemCall(int64_t number, std::string name) {
  system_call_names_[number] = std::move(name);
}

void Recording::NameThread(ThreadId tid, std::string name) {
  thread_names_[tid] = std::move(name);
}

void Recording::ReduceRate(double to_hz) {
  const double ratio = to_hz / rate_hz;
  rate_hz = to_hz;
  if (timed_) timed_->times.Scale(ratio);
  if (counts_.empty() && quality.ticks == 0) return;

  // In the order of their keys, what one count lacks to a whole sample the next
  // one is given: so sums over neighbours, a thread's above all, are right.
  std::vector<std::pair<Key, int64_t>> counts(counts_.begin(), counts_.end());
  std::sort(counts.begin(), counts.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first.tid, a.first.green, a.first.idle, a.first.activity,
                    a.first.stack) < std::tie(b.first.tid, b.first.green,
                                              b.first.idle, b.first.activity,
                                              b.first.stack);
  });
  counts_.clear();
  Quality scaled;
  int64_t before = 0;
  for (const auto& [key, count] : counts) {
    before += count;
    int64_t share = Scaled(before, ratio) - scaled.samples;
    // Who saw something does not say that there was nothing.
    const bool is_last = &key == &counts.back().first;
    if (is_last && scaled.samples == 0) share = std::max<int64_t>(share, 1);
    if (share == 0) continue;
    const Stack& stack = stacks_[key.stack];
    Add(key, share);
    scaled.samples += share;
    scaled.partial.Add(stack.end, share);
    if (stack.left_out.count > 0) scaled.left_out += share;
  }
  scaled.ticks = std::max<int64_t>(Scaled(quality.ticks, ratio),
                                   scaled.samples > 0 ? 1 : 0);
  scaled.late = Scaled(quality.late, ratio);
  scaled.failed = Scaled(quality.failed, ratio);
  scaled.by_perf = Scaled(quality.by_perf, ratio);
  // These happened, at whatever rate.
  scaled.looks = quality.looks;
  scaled.green_threads = quality.green_threads;
  scaled.lost = quality.lost;
  scaled.stops = quality.stops;
  scaled.worst_pause_ns = quality.worst_pause_ns;
  scaled.last_failure = std::move(quality.last_failure);
  quality = std::move(scaled);
}

void Recording::Append(const Recording& other) {
  if (quality.ticks == 0 && counts_.empty()) rate_hz = other.rate_hz;
  if (other.rate_hz > rate_hz) {
    Recording slower = other;
    slower.ReduceRate(rate_hz);
    return Append(slower);
  }
  if (other.rate_hz < rate_hz) ReduceRate(other.rate_hz);
  std::vector<StackId> ids;
  ids.reserve(other.stacks_.size());
  for (const Stack& stack : other.stacks_) ids.push_back(Intern(stack));
  for (const auto& [key, count] : other.counts_) {
    Key ours = key;
    ours.stack = ids[key.stack];
    Add(ours, count);
  }
  for (const auto& [tid, name] : other.thread_names_) NameThread(tid, name);
  for (const auto& [id, name] : other.green_names_) NameGreen(id, name);
  for (const auto& [number, name] : other.system_call_names_) {
    NameSystemCall(number, name);
  }
  duration_ns += other.duration_ns;
  quality.ticks += other.quality.ticks;
  quality.looks += other.quality.looks;
  quality.samples += other.quality.samples;
  quality.green_threads =
      std::max(quality.green_threads, other.quality.green_threads);
  quality.late += other.quality.late;
  quality.failed += other.quality.failed;
  quality.partial += other.quality.partial;
  quality.left_out += other.quality.left_out;
  quality.by_perf += other.quality.by_perf;
  quality.lost += other.quality.lost;
  quality.stops += other.quality.stops;
  quality.worst_pause_ns =
      std::max(quality.worst_pause_ns, other.quality.worst_pause_ns);
  if (!other.quality.last_failure.empty()) {
    quality.last_failure = other.quality.last_failure;
  }
}

}  // namespace hubspy
