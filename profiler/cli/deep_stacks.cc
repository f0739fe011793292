#include "cli/deep_stacks.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace hubspy {
namespace {

// From a copy that was too small to the next: all that is walked before the
// last one is a third of that.
constexpr size_t kGrowth = 4;

// The least that is copied in a stop: about ten frames, which cost as much as
// none; a page more costs about as much as the stop's own system calls do.
constexpr size_t kLeastHeldBytes = 4096;
// A thread is not as deep each time. One that is seldom deep is held for less
// again, after so many looks or some more; meanwhile its depth costs no second
// stop.
constexpr size_t kLooksToForget = 64;

// A bit more than last time: it may be deeper by some frames now.
size_t WithRoom(uint64_t bytes) {
  return std::min<uint64_t>(bytes + bytes / 4, DeepStacks::kMostBytes);
}

}  // namespace

// One capture, as it grows.
class DeepStacks::Attempt {
 public:
  Attempt(const Memory& memory, CaptureRequest& request, size_t small, Use use,
          TakeFunction take, Snapshot& snapshot)
      : memory_(memory),
        request_(request),
        small_(small),
        use_(use),
        take_(take),
        snapshot_(snapshot) {
    Begin();
  }

  size_t size() const { return snapshot_.stack.bytes.size(); }
  bool torn() const { return torn_; }

  // How much to ask for when this is not enough.
  size_t NextSize() const {
    if (snapshot_.method == CaptureMethod::kPtrace && size() < small_) {
      return small_;
    }
    return std::min(std::max<size_t>(size(), 1) * kGrowth, kMostBytes);
  }

  // Has `bytes` of the stack copied, or as many as there are; false when there
  // are no more to be had.
  bool Grow(size_t bytes) {
    if (bytes <= size()) return false;
    switch (snapshot_.method) {
      case CaptureMethod::kPerf:
        return AskTheKernelForMore() || Splice(bytes);
      case CaptureMethod::kPtrace:
        return use_ == Use::kOneLook || request_.max_held_bytes < small_
                   ? TakeAgain(bytes)
                   : Splice(bytes);
      case CaptureMethod::kAsleep:
      case CaptureMethod::kCore:
        return TakeAgain(bytes);
    }
    return false;
  }

 private:
  void Begin() { of_one_instant_ = size(); }

  bool Take() {
    absl::StatusOr<std::optional<Snapshot>> again = take_(request_);
    // A part of the stack is better than nothing.
    if (!again.ok() || !again->has_value()) return false;
    (*again)->lost += snapshot_.lost;
    (*again)->pause_ns = std::max((*again)->pause_ns, snapshot_.pause_ns);
    snapshot_ = **std::move(again);
    Begin();
    return true;
  }

  bool TakeAgain(size_t bytes) {
    const size_t asked = snapshot_.method == CaptureMethod::kPtrace
                             ? request_.max_held_bytes
                             : request_.max_stack_bytes;
    if (size() < asked) return false;  // it ends where nothing is mapped
    request_.max_stack_bytes = std::max(bytes, small_);
    request_.max_held_bytes =
        use_ == Use::kOneLook ? request_.max_stack_bytes : small_;
    request_.known_sleep.reset();
    return Take();
  }

  // That is exact where a splice may be torn. It takes effect later; this time
  // it means a stop, unless the kernel copies as much as it can already.
  bool AskTheKernelForMore() {
    if (std::exchange(request_.sample_was_too_small, true)) return false;
    return Take();
  }

  bool Splice(size_t bytes) {
    MemoryCopy& stack = snapshot_.stack;
    std::vector<std::byte> rest(bytes - size());
    rest.resize(memory_.Read(stack.range().end, absl::MakeSpan(rest)));
    if (rest.empty()) return false;
    if (!Unchanged()) {
      stack.bytes.resize(of_one_instant_);
      torn_ = true;
      return false;
    }
    stack.bytes.insert(stack.bytes.end(), rest.begin(), rest.end());
    return true;
  }

  bool Unchanged() const {
    const size_t overlap = std::min(kOverlapBytes, of_one_instant_);
    const size_t offset = of_one_instant_ - overlap;
    std::vector<std::byte> now(overlap);
    return memory_.Read(snapshot_.stack.begin + offset, absl::MakeSpan(now)) ==
               overlap &&
           std::equal(
               now.begin(), now.end(),
               snapshot_.stack.bytes.begin() + static_cast<ptrdiff_t>(offset));
  }

  const Memory& memory_;
  CaptureRequest& request_;
  const size_t small_;
  const Use use_;
  TakeFunction take_;
  Snapshot& snapshot_;
  size_t of_one_instant_ = 0;  // of the copy: not spliced
  bool torn_ = false;
};

absl::StatusOr<std::optional<ThreadCapture>> DeepStacks::Capture(
    CaptureRequest request, Use use, TakeFunction take, UnwindFunction unwind) {
  const size_t small = request.max_stack_bytes;
  const auto known = known_.find(request.tid);
  const bool hopeless = known != known_.end() && known->second.bytes == 0;
  size_t wanted = known == known_.end() ? 0 : known->second.bytes;
  request.max_held_bytes = small;
  if (const auto held = held_.find(request.tid);
      held != held_.end() && use == Use::kSampling) {
    request.max_held_bytes = held->second;
  }
  request.max_stack_bytes = std::max(small, wanted);
  request.sample_was_too_small = false;
  absl::StatusOr<std::optional<Snapshot>> snapshot = take(request);
  if (!snapshot.ok()) return snapshot.status();
  if (!snapshot->has_value()) return std::nullopt;

  ThreadCapture capture{.snapshot = **std::move(snapshot)};
  Attempt attempt(memory_, request, small, use, take, capture.snapshot);
  for (bool more = !hopeless;;) {
    // At once, when it is known that the first copy will not do: the sooner the
    // rest is read, the less has changed.
    while (more && attempt.size() < wanted) more = attempt.Grow(wanted);
    capture.stack = unwind(capture.snapshot);
    wanted = attempt.NextSize();
    if (!more || capture.stack.end != StackEnd::kCopyTooSmall ||
        attempt.size() >= wanted) {
      break;
    }
  }
  if (attempt.torn() && capture.stack.end == StackEnd::kCopyTooSmall) {
    capture.stack.end = StackEnd::kTorn;
  }
  Learn(request.tid, small, capture);
  return capture;
}

void DeepStacks::Learn(ThreadId tid, size_t small,
                       const ThreadCapture& capture) {
  const Stack& stack = capture.stack;
  if (capture.snapshot.method == CaptureMethod::kPtrace) {
    LearnHeld(tid, small, stack);
  }
  if (stack.end == StackEnd::kTorn) return;
  if (stack.end == StackEnd::kCopyTooSmall) {
    known_[tid] = {};
  } else if (stack.bytes > small) {
    known_[tid] = {.bytes = WithRoom(stack.bytes)};
  } else {
    known_.erase(tid);
  }
}

// Where a walk ended early, what more would have done cannot be told.
void DeepStacks::LearnHeld(ThreadId tid, size_t small, const Stack& stack) {
  const size_t needed = stack.partial() ? small
                                        : std::clamp(WithRoom(stack.bytes),
                                                     kLeastHeldBytes, small);
  size_t& held = held_[tid];
  held = std::max(needed, held - held / kLooksToForget);
}

}  // namespace hubspy
