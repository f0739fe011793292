// What was seen while recording: distinct stacks, as addresses, with counts.
//
//   Recording recording;
//   StackId id = recording.Intern(stack);
//   recording.Add({.tid = tid, .stack = id, .idle = false}, 1);
//
// It grows with distinct stacks, not with samples; when each was seen is kept
// only where that is wanted (KeepTimes). Names come later, once per
// distinct address (symbolize/), never while the target is looked at.
//
// The surprising part: its rate can be lowered while it is being made
// (ReduceRate). Counts are then scaled, so that each sample, old or new, is
// worth 1/rate seconds.
#ifndef HUBSPY_MODEL_RECORDING_H_
#define HUBSPY_MODEL_RECORDING_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "model/address.h"
#include "model/hub.h"
#include "model/snapshot.h"
#include "model/stack.h"
#include "model/timeline.h"

namespace hubspy {

// How many stacks were cut short, by why.
class PartialCounts {
 public:
  // Those that are complete are not counted.
  void Add(StackEnd end, int64_t count) {
    if (end != StackEnd::kComplete) counts_[static_cast<size_t>(end)] += count;
  }
  int64_t Of(StackEnd end) const { return counts_[static_cast<size_t>(end)]; }
  int64_t Total() const {
    return std::accumulate(counts_.begin(), counts_.end(), int64_t{0});
  }
  PartialCounts& operator+=(const PartialCounts& other) {
    for (const StackEnd end : kPartialEnds) Add(end, other.Of(end));
    return *this;
  }
  friend bool operator==(const PartialCounts&, const PartialCounts&) = default;

 private:
  std::array<int64_t, std::size(kPartialEnds) + 1> counts_{};
};

// How good the data is; shown with every output.
struct Quality {
  int64_t ticks = 0;           // looks that were due: what percentages are of
  int64_t looks = 0;           // that were taken; a late one stands for several
  int64_t samples = 0;         // threads seen in them, idle ones included
  int64_t green_threads = 0;   // the most that were there in one look
  int64_t late = 0;            // ticks that came more than one period late
  int64_t failed = 0;          // threads that could not be read
  PartialCounts partial;       // samples whose stack was cut short
  int64_t left_out = 0;        // samples too deep to keep every frame of
  int64_t by_perf = 0;         // samples that the kernel took
  int64_t lost = 0;            // samples of the kernel's that found no room
  int64_t stops = 0;           // samples for which the thread was held
  int64_t worst_pause_ns = 0;  // the longest that a thread was held by us
  std::string last_failure;    // why the latest of `failed` failed
  friend bool operator==(const Quality&, const Quality&) = default;
};

// What a green thread was doing in a sample of it.
struct GreenActivity {
  uint64_t id = 0;  // 0: samples of all that did the same are one
  GreenState state = GreenState::kRunning;
  WaitReason waiting_for = WaitReason::kNone;
  friend auto operator<=>(const GreenActivity&, const GreenActivity&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const GreenActivity& a) {
    return H::combine(std::move(h), a.id, a.state, a.waiting_for);
  }
};

using StackId = uint32_t;

class Recording {
 public:
  struct Key {
    ThreadId tid = 0;
    StackId stack = 0;
    bool idle = false;
    // Of a thread's own sample, and of the green thread that it runs.
    ThreadActivity activity = {};
    // Absent: the thread's own sample, with no green thread on it. Else of that
    // green thread, of the hub that is the thread's.
    std::optional<GreenActivity> green = std::nullopt;
    friend bool operator==(const Key&, const Key&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const Key& k) {
      return H::combine(std::move(h), k.tid, k.stack, k.idle, k.activity,
                        k.green.has_value(), k.green.value_or(GreenActivity()));
    }
  };
  // What a green thread may be called by.
  struct GreenName {
    std::string name;
    ProgramId program = 0;
    Address entry;  // where it began
  };
  using GreenId = std::pair<ThreadId, uint64_t>;  // its hub's thread, its id

  // The id of this stack, the same for equal stacks: equal in the frames that
  // were kept, however many were left out.
  StackId Intern(const Stack& stack);
  // Counts `count` samples, each worth 1/rate seconds of that thread's time.
  void Add(const Key& key, int64_t count);
  // Keeps when what is added from now on was seen, too.
  void KeepTimes(size_t max_bytes = Timeline::kMaxBytes) {
    timed_.emplace(Timed{.times = Timeline(max_bytes)});
  }
  // The same, seen in this look. Of green threads that are not told apart there
  // are no times: at any instant they did many things.
  void AddAt(const Timeline::Look& look, const Key& key, int64_t count);
  // Of what was counted as idle, so many samples were not.
  void Unidle(Key key, int64_t count);
  void NameThread(ThreadId tid, std::string name);
  void NameGreen(const GreenId& id, GreenName name);
  void NameSystemCall(int64_t number, std::string name);
  // Adds what `other` holds, but not its times; it was recorded after this one.
  // The rate of both is then the lower one.
  void Append(const Recording& other);
  // From now on samples come at `rate_hz`, which is not above the present rate:
  // scales the counts of those that are here. Each thread's time stays what it
  // was, to a sample; a stack that was seen too rarely for the new rate may be
  // left without a count.
  void ReduceRate(double to_hz);

  const std::vector<Stack>& stacks() const { return stacks_; }
  const absl::flat_hash_map<Key, int64_t>& counts() const { return counts_; }
  const absl::flat_hash_map<ThreadId, std::string>& thread_names() const {
    return thread_names_;
  }
  const absl::flat_hash_map<GreenId, GreenName>& green_names() const {
    return green_names_;
  }
  const absl::flat_hash_map<int64_t, std::string>& system_call_names() const {
    return system_call_names_;
  }

  // What Timeline's lanes and things are: null when no times are kept. A thing
  // that was idle when it was seen may have turned out not to be (Unidle).
  struct Timed {
    Timeline times;
    std::vector<GreenId> lanes;  // the thread's own: green id 0
    std::vector<Key> keys;
    absl::flat_hash_map<GreenId, uint32_t> lane_ids;
    absl::flat_hash_map<Key, uint32_t> key_ids;
  };
  const Timed* timed() const { return timed_ ? &*timed_ : nullptr; }

  Quality quality;
  double rate_hz = 100;
  int64_t duration_ns = 0;

 private:
  struct StackKey {
    ProgramId program;
    std::vector<CodeAddress> frames;
    StackEnd end;
    size_t left_out_after;  // 0: no frames were
    friend bool operator==(const StackKey&, const StackKey&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const StackKey& k) {
      return H::combine(std::move(h), k.program, k.frames, k.end);
    }
  };

  std::vector<Stack> stacks_;
  absl::flat_hash_map<StackKey, StackId> ids_;
  absl::flat_hash_map<Key, int64_t> counts_;
  absl::flat_hash_map<ThreadId, std::string> thread_names_;
  absl::flat_hash_map<GreenId, GreenName> green_names_;
  absl::flat_hash_map<int64_t, std::string> system_call_names_;
  std::optional<Timed> timed_;
};

}  // namespace hubspy

#endif  // HUBSPY_MODEL_RECORDING_H_
