// Evidence about a hub, and what follows from it.
//
// HubWatch is what was seen; diagnose/ turns it into a Verdict without looking
// at anything else; view/ prints it.
#ifndef HUBSPY_MODEL_DIAGNOSIS_H_
#define HUBSPY_MODEL_DIAGNOSIS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "model/hub.h"
#include "model/profile.h"
#include "model/snapshot.h"

namespace hubspy {

// One hub, watched for a while from outside; or seen once, in a core: then
// `begin` equals `end`, and `end_real_ns` is the latest time that is known of.
struct HubWatch {
  bool one_instant = false;
  HubView begin;
  HubView end;
  std::vector<GreenThreadView> green_threads;  // at the end
  int64_t watched_ns = 0;                      // real time from begin to end
  int64_t end_real_ns = 0;                     // CLOCK_MONOTONIC at the end
  // Of the hub's OS thread, in each look.
  int64_t looks = 0;
  int64_t looks_running = 0;
  int64_t looks_stopped = 0;
  // The system call it is in at the end, by name, when it sleeps in one.
  std::string system_call;
  // Its stack at the end, innermost first; may be empty.
  std::vector<SymbolFrame> stack;
};

enum class VerdictKind {
  kHealthy,
  kClockRate,
  kNotYielding,
  kBlockingCall,
  kStopped,
};

// "healthy", "clock_rate", ...: as in the JSON.
absl::string_view VerdictName(VerdictKind kind);

// How a clock's conversion from ticks goes wrong.
enum class ClockCause {
  kInverted,    // ticks * denom / numer
  kTakenAsOne,  // ticks, as if the timebase were 1/1
  kTruncated,   // ticks * (numer / denom), in integers
  kTickRate,    // converted rightly, but the ticks do not come at that rate
  kOther,
};

// "inverted", "taken_as_1_1", "truncated", "tick_rate", "other".
absl::string_view ClockCauseName(ClockCause cause);

// A green thread that will wake at the wrong time.
struct LateTimer {
  uint64_t green_thread = 0;  // id
  std::string name;
  int64_t remaining_hub_ns = 0;  // to its deadline, by the hub's clock
  int64_t due_in_real_ns = 0;    // when that will really be
};

struct ClockEvidence {
  double rate = 1;  // hub seconds per real second
  uint32_t timebase_numer = 0;
  uint32_t timebase_denom = 0;
  ClockCause cause = ClockCause::kOther;
  int64_t measured_over_ns = 0;
  std::vector<LateTimer> timers;  // soonest first
};

struct Verdict {
  ThreadId tid = 0;
  VerdictKind kind = VerdictKind::kHealthy;
  bool one_instant = false;  // judged from one look, in a core
  std::string summary;
  std::string remedy;  // empty when there is nothing to do
  int64_t watched_ns = 0;
  uint64_t iterations = 0;  // turns of the loop while watched
  uint64_t timers = 0;
  uint64_t green_threads = 0;
  std::optional<ClockEvidence> clock;      // of kClockRate
  std::optional<GreenThreadView> culprit;  // of kNotYielding, kBlockingCall
  std::string system_call;                 // of kBlockingCall
  std::vector<SymbolFrame> stack;          // of both
};

struct Diagnosis {
  int32_t pid = 0;
  std::string core;  // the file it is from; empty for one that runs
  std::vector<Verdict> hubs;
  std::vector<std::string> gaps;  // what could not be had
};

}  // namespace hubspy

#endif  // HUBSPY_MODEL_DIAGNOSIS_H_
