// The green threads of one hub, look after look.
//
//   GreenWatch watch(program, unwind);
//   watch.Look(*hub_reader, hub, now_ns);
//   watch.ForEach([](const WatchedGreen& green) { ... });
//
// All records are read each time, with a call for each slab; but a stack is
// copied and unwound only when its green thread has run since the last look.
// Equal stacks are one object. So a look at a hundred thousand that wait takes
// some milliseconds.
//
// The surprising part: the hub runs meanwhile. What is caught between two
// states is looked at again; what moved in every one of several looks is left
// without a stack, and says so.
#ifndef HUBSPY_CLI_GREEN_WATCH_H_
#define HUBSPY_CLI_GREEN_WATCH_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "hubs/hub_reader.h"
#include "model/hub.h"
#include "model/stack.h"

namespace hubspy {

struct WatchedGreen {
  GreenThreadView view;  // as of the latest look
  // Of one that has not begun, the function that it will begin in. Null: it
  // runs, it is the thread's own code, or `problem` says why.
  std::shared_ptr<const Stack> stack;
  absl::Status problem;
  // It has run since it was first seen, or was not there at the first look.
  bool has_moved = false;
  // What it did before `as_now_since_ns`; since then, what view.state says.
  GreenTimes times_before;
  int64_t as_now_since_ns = 0;
};

class GreenWatch {
 public:
  // The stack that begins with these registers, whose pc is a return address.
  using UnwindFunction =
      std::function<Stack(const Registers&, const MemoryCopy&)>;

  // `program`: that the hub belongs to.
  GreenWatch(ProgramId program, UnwindFunction unwind)
      : program_(program), unwind_(std::move(unwind)) {}

  // `hub` as read just now; the same hub each time. `now_ns`: on any one
  // monotonic clock. DataLoss: what is published cannot be understood.
  absl::Status Look(const HubReader& reader, const HubView& hub,
                    int64_t now_ns);

  // Looks at one of them alone, which was seen suspended.
  WatchedGreen LookAt(const HubReader& reader, const HubView& hub,
                      const GreenThreadView& view);

  // What one of them did from the first look that saw it to the latest one.
  GreenTimes TimesOf(const WatchedGreen& green) const;

  // Whose record it is, or whose stack `sp` lies on, at the latest look; null:
  // nobody's. The latter goes through all of them.
  const WatchedGreen* FindByRecord(Address record) const;
  const WatchedGreen* FindByStack(Address sp) const;
  // When the records of the latest look had been read, on NowNs's clock; 0:
  // there was none.
  int64_t looked_ns() const { return looked_ns_; }

  // Calls visit(const WatchedGreen&) for each that was there at the latest
  // look.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (const Slab& slab : slabs_) {
      for (const WatchedGreen& green : slab.greens) {
        if (green.view.id != 0) visit(green);
      }
    }
  }

 private:
  struct Slab {
    std::vector<std::byte> bytes;  // that `greens` were parsed from
    std::vector<WatchedGreen> greens;
  };
  struct SameFrames {
    using is_transparent = void;
    size_t operator()(const std::shared_ptr<const Stack>& stack) const;
    bool operator()(const std::shared_ptr<const Stack>& a,
                    const std::shared_ptr<const Stack>& b) const;
  };

  void AddSlabs();
  void ChangeState(WatchedGreen& green, GreenState state) const;
  void LookAtSlab(const HubReader& reader, const HubView& hub, SlabCopy& copy,
                  Slab& slab);
  void CopyStacks(const HubReader& reader, const HubView& hub);
  void KeepStack(WatchedGreen& green, Stack stack);

  const ProgramId program_;
  UnwindFunction unwind_;
  std::vector<SlabCopy> copies_;  // kept for their room
  std::vector<Slab> slabs_;
  absl::flat_hash_map<Address, size_t> slab_at_;  // index into slabs_
  std::vector<WatchedGreen*> moved_;              // in this look
  absl::flat_hash_set<std::shared_ptr<const Stack>, SameFrames, SameFrames>
      stacks_;
  bool first_look_ = true;
  int64_t now_ns_ = 0;     // of the latest look
  int64_t looked_ns_ = 0;  // when its records had been read
};

}  // namespace hubspy

#endif  // HUBSPY_CLI_GREEN_WATCH_H_
