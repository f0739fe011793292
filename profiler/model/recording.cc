#include "model/recording.h"

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

}  // namespace hubspy
