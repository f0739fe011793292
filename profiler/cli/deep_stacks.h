// Captures threads to the end of their stacks, however deep these are.
//
//   DeepStacks deep_stacks(process.memory());
//   auto capture = deep_stacks.Capture(request, DeepStacks::Use::kSampling,
//                                      take, unwind);
//
// One small copy has all of nearly every stack, and of a thread that has to be
// held for it only as much is copied as was needed lately, and some more. Where
// that is not enough, more is copied:
//  - of a thread that sleeps, by a larger copy: nothing waits for it;
//  - of one that runs and is looked at once (dump), in the stop, which then
//    takes about 0.2 ms a MiB;
//  - of one that runs and is sampled, after the stop, or after the kernel's
//    sample: the thread is not held any longer for being deep.
//
// The surprising part: in that last case the thread runs on while the rest of
// its stack is read. It may only have touched the innermost frames. So once the
// rest is read, the outermost part of the first copy must still be what it was;
// else the rest is thrown away, and the stack ends there, torn
// (StackEnd::kTorn). A thread that returned from thousands of functions and
// called the very same ones again is not noticed.
#ifndef HUBSPY_CLI_DEEP_STACKS_H_
#define HUBSPY_CLI_DEEP_STACKS_H_

#include <cstddef>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "model/snapshot.h"
#include "model/stack.h"
#include "target/memory.h"
#include "target/process.h"

namespace hubspy {

struct ThreadCapture {
  Snapshot snapshot;
  Stack stack;
};

class DeepStacks {
 public:
  // More than this of one stack is not copied.
  static constexpr size_t kMostBytes = 60 << 20;
  // How much of the first copy must be unchanged.
  static constexpr size_t kOverlapBytes = 4096;

  enum class Use { kOneLook, kSampling };
  // As Process::Capture.
  using TakeFunction =
      absl::FunctionRef<absl::StatusOr<std::optional<Snapshot>>(
          const CaptureRequest&)>;
  using UnwindFunction = absl::FunctionRef<Stack(const Snapshot&)>;

  // Borrows: the target's.
  explicit DeepStacks(const Memory& memory) : memory_(memory) {}

  // What `take` makes of `request`, unwound, and more of the stack where that
  // is needed. nullopt and errors as `take` gives them.
  absl::StatusOr<std::optional<ThreadCapture>> Capture(CaptureRequest request,
                                                       Use use,
                                                       TakeFunction take,
                                                       UnwindFunction unwind);

  // Forgets how deep other threads were.
  void KeepOnly(absl::FunctionRef<bool(ThreadId)> is_there) {
    absl::erase_if(known_, [&](const auto& k) { return !is_there(k.first); });
    absl::erase_if(held_, [&](const auto& h) { return !is_there(h.first); });
  }

 private:
  // Of a thread whose stack was not in one small copy.
  struct Known {
    size_t bytes = 0;  // how much will do; 0: nothing would
  };
  class Attempt;

  void Learn(ThreadId tid, size_t small, const ThreadCapture& capture);
  void LearnHeld(ThreadId tid, size_t small, const Stack& stack);

  const Memory& memory_;
  absl::flat_hash_map<ThreadId, Known> known_;
  // Of threads that are sampled by a stop: how much to copy in the next.
  absl::flat_hash_map<ThreadId, size_t> held_;
};

}  // namespace hubspy

#endif  // HUBSPY_CLI_DEEP_STACKS_H_
