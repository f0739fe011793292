// The loop that looks: paces, counts and stops; it knows no process.
//
//   Sampler sampler(look, waiter, {.rate_hz = 100});
//   Sampler::Stop why = sampler.Run(recording, until_ns);
//
// A rate that cannot be held is lowered: then Run returns, lowered() says so,
// and calling it again goes on at that rate.
//
// The caller says how to look (cli composes target, unwind and hubs into that)
// and how to wait (tests wait in simulated time).
#ifndef HUBSPY_SAMPLE_SAMPLER_H_
#define HUBSPY_SAMPLE_SAMPLER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/recording.h"
#include "model/snapshot.h"
#include "model/stack.h"
#include "sample/load_limit.h"
#include "sample/pacer.h"

namespace hubspy {

// One thread in one look.
struct ThreadLook {
  ThreadId tid = 0;
  // Why there is no stack; OK when there is one.
  absl::Status status;
  bool idle = false;
  ThreadActivity activity = {};
  // The very same object as in an earlier look when nothing moved.
  std::shared_ptr<const Stack> stack;
  CaptureMethod method = CaptureMethod::kAsleep;
  int64_t pause_ns = 0;  // how long the thread was held for it; 0: not at all
  int64_t lost = 0;      // the kernel's samples that found no room before it
  // Of the green thread that the thread runs, or of one that does not run: then
  // the rest is of that one, too.
  std::optional<GreenActivity> green = std::nullopt;
};

// Looks at every thread once. NotFound: the target is gone.
using LookFunction = std::function<absl::StatusOr<std::vector<ThreadLook>>()>;

// Time, and a way out of waiting.
class Waiter {
 public:
  virtual ~Waiter() = default;
  virtual int64_t NowNs() = 0;
  // Returns at `until_ns`, or earlier when asked to stop or to pause.
  virtual void WaitUntil(int64_t until_ns) = 0;
  virtual bool stop_requested() const = 0;
  // Whether Run is to return, and to be called again soon.
  virtual bool pause_requested() const { return false; }
};

class Sampler {
 public:
  struct Options {
    double rate_hz = 100;
    uint64_t seed = 1;
    bool each_green = false;  // tell green threads apart
  };
  enum class Stop {
    kTimeIsUp,
    kRequested,
    kTargetGone,
    kRateLowered,
    kPaused,
  };

  Sampler(LookFunction look, Waiter& waiter, const Options& options);

  // Adds samples to `recording` until then. Can be called again to go on, with
  // the same recording or another one. What an earlier rate counted in it is
  // reduced to the present one (Recording::ReduceRate). Until it is called
  // again looks go on being due, unless Restart is called first.
  Stop Run(Recording& recording, int64_t until_ns);

  // From the next recording on; see Options::each_green.
  void TellGreenThreadsApart(bool each_green) { each_green_ = each_green; }

  // The first look is due from now on.
  void Restart() { pacer_.ChangeRate(rate_hz_, waiter_.NowNs()); }

  // When the recording of the latest Run began, by the waiter; where that was
  // run several times, as if there had been no time in between.
  int64_t begin_ns() const { return begin_ns_; }
  // At which it samples now.
  double rate_hz() const { return rate_hz_; }
  // The latest time that the rate was lowered, if it was.
  const std::optional<RateLowered>& lowered() const { return lowered_; }

 private:
  Stop Loop(Recording& recording, int64_t until_ns);
  void Count(Recording& recording, const std::vector<ThreadLook>& looks,
             const Pacer::Tick& tick, int64_t at_ns);
  StackId Intern(Recording& recording, const ThreadLook& look);
  void NoteIdle(Recording& recording, const Recording::Key& key,
                const GreenActivity& green, int64_t count);

  LookFunction look_;
  Waiter& waiter_;
  double rate_hz_;
  int64_t begin_ns_ = 0;  // of the recording
  Pacer pacer_;
  LoadLimit limit_;
  bool each_green_;
  std::optional<RateLowered> lowered_;
  // Which stack each thread had last, to recognise it without hashing it.
  absl::flat_hash_map<ThreadId,
                      std::pair<std::shared_ptr<const Stack>, StackId>>
      interned_;
  // Those of green threads, which share them.
  absl::flat_hash_map<std::shared_ptr<const Stack>, StackId> shared_;
  // Samples of green threads that have not run yet since they were first seen;
  // a fraction where the rate was lowered since.
  struct Idle {
    Recording::Key key;
    double samples = 0;
  };
  absl::flat_hash_map<Recording::GreenId, Idle> idle_so_far_;
};

}  // namespace hubspy

#endif  // HUBSPY_SAMPLE_SAMPLER_H_
