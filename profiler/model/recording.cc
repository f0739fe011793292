#include "model/recording.h"

#include <algorithm>
#include <utility>

namespace hubspy {

StackId Recording::Intern(const Stack& stack) {
  auto [it, inserted] = ids_.try_emplace(StackKey{stack.frames, stack.end},
                                         static_cast<StackId>(stacks_.size()));
  if (inserted) stacks_.push_back(stack);
  return it->second;
}

void Recording::Add(const Key& key, int64_t count) { counts_[key] += count; }

void Recording::NameThread(ThreadId tid, std::string name) {
  thread_names_[tid] = std::move(name);
}

void Recording::Append(const Recording& other) {
  std::vector<StackId> ids;
  ids.reserve(other.stacks_.size());
  for (const Stack& stack : other.stacks_) ids.push_back(Intern(stack));
  for (const auto& [key, count] : other.counts_) {
    Add({.tid = key.tid, .stack = ids[key.stack], .idle = key.idle}, count);
  }
  for (const auto& [tid, name] : other.thread_names_) NameThread(tid, name);
  duration_ns += other.duration_ns;
  quality.ticks += other.quality.ticks;
  quality.samples += other.quality.samples;
  quality.late += other.quality.late;
  quality.failed += other.quality.failed;
  quality.partial += other.quality.partial;
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
