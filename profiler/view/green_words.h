// How a dump speaks of green threads, one or a group of them.
#ifndef HUBSPY_VIEW_GREEN_WORDS_H_
#define HUBSPY_VIEW_GREEN_WORDS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "model/dump.h"
#include "view/dump_groups.h"

namespace hubspy {

// All texts are clean (view/text.h).
class GreenWords {
 public:
  // `dump` is not owned.
  explicit GreenWords(const Dump& dump);

  // "waiting for fd 5 to read, for 3.0 s, due in 1.6 s", "ready, last ran 0.2
  // ms to 3.0 s ago": what they do, and since when.
  std::string State(const GreenGroup& group) const;
  // What they wait for, where there is more to say of it: "fd 5: pipe", "900
  // wait for it in all", "queue 0x1000 (900), queue 0x2000 (2)".
  std::string Objects(const GreenGroup& group) const;
  // "in 1.0 s: busy 120 ms, ready 30 ms, waiting 850 ms"; empty for those that
  // were not watched.
  std::string Times(const GreenGroup& group) const;
  // "spawned in main (shop.cc:40) by green thread 1 (acceptor)".
  std::string Spawned(const GreenGroup& group) const;

 private:
  // "green thread 3 (foo)".
  std::string Name(uint64_t id) const;
  std::string Waited(const GreenGroup& group) const;
  std::string Fds(const GreenGroup& group) const;

  const Dump& dump_;
  absl::flat_hash_map<uint64_t, const Dump::GreenThread*> by_id_;
  // How many wait for each object.
  absl::flat_hash_map<std::pair<WaitReason, uint64_t>, size_t> waiters_;
};

}  // namespace hubspy

#endif  // HUBSPY_VIEW_GREEN_WORDS_H_
