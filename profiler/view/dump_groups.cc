#include "view/dump_groups.h"

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace hubspy {
namespace {

// What is the same of those that are shown as one. Frames at the same addresses
// of one process are the same.
using ThreadKey = std::tuple<ThreadState, std::string, StackEnd,
                             std::vector<std::pair<uint64_t, int64_t>>>;

ThreadKey KeyOf(const Dump::Thread& thread) {
  std::vector<std::pair<uint64_t, int64_t>> frames;
  for (const SymbolFrame& frame : thread.stack.frames) {
    frames.emplace_back(frame.address.value(), frame.left_out);
  }
  return {thread.state, thread.call ? thread.call->name : "", thread.stack.end,
          std::move(frames)};
}

}  // namespace

std::vector<ThreadGroup> GroupThreads(const Dump& dump) {
  absl::flat_hash_map<ThreadKey, size_t> known;
  std::vector<ThreadGroup> groups;
  for (const Dump::Thread& thread : dump.threads) {
    if (thread.signal || !thread.problem.empty()) {
      groups.push_back({&thread});
      continue;
    }
    const auto [group, is_new] =
        known.try_emplace(KeyOf(thread), groups.size());
    if (is_new) groups.emplace_back();
    groups[group->second].push_back(&thread);
  }
  return groups;
}

std::vector<GreenGroup> GroupGreenThreads(const Dump& dump) {
  using Key = std::tuple<GreenState, WaitReason, std::optional<uint32_t>,
                         std::optional<uint32_t>, bool>;
  absl::flat_hash_map<Key, size_t> known;
  std::vector<GreenGroup> groups;
  for (const Dump::GreenThread& green : dump.green_threads) {
    const Key key(green.view.state, green.view.waiting_for, green.stack,
                  green.spawned_at, green.problem.empty());
    const auto [group, is_new] = known.try_emplace(key, groups.size());
    if (is_new) groups.emplace_back();
    groups[group->second].push_back(&green);
  }
  return groups;
}

std::vector<ThreadGroup> EachThread(const Dump& dump) {
  std::vector<ThreadGroup> groups;
  for (const Dump::Thread& thread : dump.threads) groups.push_back({&thread});
  return groups;
}

std::vector<GreenGroup> EachGreenThread(const Dump& dump) {
  std::vector<GreenGroup> groups;
  for (const Dump::GreenThread& green : dump.green_threads) {
    groups.push_back({&green});
  }
  return groups;
}

}  // namespace hubspy
