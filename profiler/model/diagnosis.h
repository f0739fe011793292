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
#include "model/kernel_facts.h"
#include "model/profile.h"
#include "model/snapshot.h"

namespace hubspy {

// A stack that the hub's thread was found with while it ran.
struct RunSample {
  std::vector<SymbolFrame> stack;  // innermost first
  int64_t count = 0;
};

// An OS thread, and what it does.
struct ThreadWait {
  ThreadId tid = 0;
  std::string name;
  ThreadState state = ThreadState::kRunning;
  std::optional<CallFacts> call;   // that it sleeps in
  std::vector<SymbolFrame> stack;  // innermost first; may be empty
};

// The green thread that was switched to most, looked at again and again when
// the rest had been seen.
struct BusiestLooks {
  uint64_t green_thread = 0;  // 0: the thread's own code
  int64_t looks = 0;
  int64_t ready = 0;  // of these: ready or running,
  int64_t on_timer = 0;
  int64_t on_fd = 0;
  // Of the fd that it waited for: how it was at last; whether it was ready in
  // every one of the looks, and nothing was ever read from it in between.
  std::optional<FdFacts> fd;
  FdDirection direction = FdDirection::kUnknown;
  bool fd_was_always_ready = false;
  bool fd_stayed_as_it_was = false;
};

// An fd that a green thread waited for all the time.
struct FdWait {
  uint64_t green_thread = 0;  // 0: the thread's own code
  FdDirection direction = FdDirection::kUnknown;
  FdFacts at_begin;
  FdFacts at_end;
};

// One hub, watched for a while from outside; or seen once, in a core: then
// `begin` equals `end`, and `end_real_ns` is the latest time that is known of.
struct HubWatch {
  bool one_instant = false;
  HubView begin;
  HubView end;
  // By id; at the end, and at the beginning (of one instant: the same).
  std::vector<GreenThreadView> green_threads;
  std::vector<GreenThreadView> green_threads_at_begin;
  // What stands for the thread's own code, with id 0; nullopt: not published.
  std::optional<GreenThreadView> own_code;
  std::optional<GreenThreadView> own_code_at_begin;
  // The hub's readings of its clock in between that were seen, one after the
  // other: from begin.last to end.last. Of one instant: none.
  std::vector<ClockReading> clock_readings;
  int64_t watched_ns = 0;            // real time from begin to end
  int64_t was_to_be_watched_ns = 0;  // less, if that did not tell
  int64_t end_real_ns = 0;           // CLOCK_MONOTONIC at the end
  // Of the hub's OS thread, in each look.
  int64_t looks = 0;
  int64_t looks_running = 0;
  int64_t looks_stopped = 0;
  int64_t process_threads = 0;  // OS threads of the process, at the end
  // Signals that the process handles, signal n as bit n - 1; nullopt: not
  // known.
  std::optional<uint64_t> signals_handled;
  // The same, in between; nullopt where the kernel does not tell.
  std::optional<ThreadSchedule> schedule;
  CgroupFacts cgroups_at_begin;
  CgroupFacts cgroups;  // at the end
  Tracer tracer;        // at the end
  // Who used the CPUs that it may run on, the most first; looked for only when
  // it got too little of them.
  std::vector<CpuUser> cpu_users;
  // Of green threads that waited for an fd all the time, but for so many that
  // there was no time to look at.
  std::vector<FdWait> fd_waits;
  uint64_t fd_waits_left_out = 0;
  // The fds that its poller waits for, sorted; nullopt: not known.
  std::optional<std::vector<int32_t>> polled_fds;
  // Where it ran; taken only of one that was found running each time so far.
  std::vector<RunSample> samples;
  // Looked at only when the loop turned all the time.
  std::optional<BusiestLooks> busiest;
  // The system call it is in at the end, when it sleeps in one.
  std::optional<CallFacts> call;
  // When that waits for a mutex: the thread that holds it; when that waits for
  // a mutex, too, the one that holds that, and so on. Ends at one that waits
  // for none, or that is here already, or is the hub's own.
  std::vector<ThreadWait> holders;
  // Its stack at the end, innermost first; may be empty.
  std::vector<SymbolFrame> stack;
};

enum class VerdictKind {
  kHealthy,
  kClockRate,
  kNotYielding,
  kBlockingCall,
  kDeadlock,
  kBusyLoop,
  kCpuStarved,
  kLostWakeup,
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
  kStepped,     // goes right, but was set, or jumped, to another time
  kOther,
};

// "inverted", "taken_as_1_1", "truncated", "tick_rate", "stepped", "other".
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
  // Of kStepped: how far it was set forward, less how far back.
  int64_t step_ns = 0;
  std::vector<LateTimer> timers;  // soonest first
};

// One that waits for what does not come.
struct WaitLink {
  GreenThreadView waiter;  // id 0: the thread's own code
  // Who alone could end its wait: an id, 0 the thread's own code; nullopt:
  // nobody in particular.
  std::optional<uint64_t> needs;
  std::vector<SymbolFrame> stack;  // where it waits; may be empty
};

struct DeadlockEvidence {
  // Each waits for the next one, and the last for the first. Empty: there is no
  // cycle, but nothing is left that could end any wait.
  std::vector<WaitLink> cycle;
  // Without a cycle: those that wait, the first few.
  std::vector<WaitLink> waiting;
  // Others that wait for these, directly or not; without a cycle, all others.
  uint64_t others = 0;
};

// What keeps a loop awake that has nothing to do.
enum class Waker {
  kYields,     // a green thread that gives way again and again
  kTimer,      // one that sleeps for no time
  kFd,         // one that waits for an fd that is ready, and stays so
  kCallbacks,  // timers that call back, and nothing of a green thread's
};

// "yields", "timer", "fd", "callbacks".
absl::string_view WakerName(Waker waker);

struct BusyEvidence {
  Waker waker = Waker::kYields;
  double turns_per_second = 0;                  // of the loop
  double switches_per_second = 0;               // to the green thread below
  std::optional<GreenThreadView> green_thread;  // id 0: the thread's own code
  std::optional<FdFacts> fd;                    // of kFd
};

// A line of code, and how much of the time the thread was in it.
struct HotLine {
  SymbolFrame frame;
  double share = 0;  // of the samples
};

enum class StopCause { kSignal, kTracer, kCgroup };

// "signal", "tracer", "cgroup".
absl::string_view StopCauseName(StopCause cause);

struct StopEvidence {
  StopCause cause = StopCause::kSignal;
  Tracer tracer;      // of kTracer
  std::string group;  // of kCgroup: the one that was told to freeze
};

struct StarvedEvidence {
  double ran = 0;     // shares of the time: on a CPU,
  double waited = 0;  // and ready for one, without
  // The limit by which it was held back: how much in between. nullopt: none.
  std::optional<CpuQuota> throttled_by;
  std::vector<CpuUser> others;  // who had the CPU, the most first
};

// What has happened already, while somebody waits for it.
enum class LostWhat {
  kFdReady,   // an fd is ready, and the poller was told nothing
  kFdClosed,  // an fd is closed
  kTimer,     // a timer was added, and the poller sleeps past it
  kObject,    // an event was sent, a queue has items or room, and the like
};

// "fd_ready", "fd_closed", "timer", "object".
absl::string_view LostWhatName(LostWhat what);

struct LostEvidence {
  LostWhat what = LostWhat::kTimer;
  std::optional<GreenThreadView> green_thread;  // who waits; not of kTimer
  std::optional<FdFacts> fd;                    // of kFdReady, kFdClosed
  std::optional<bool> is_polled;  // whether the poller waits for that fd
  int64_t since_ns = 0;           // of kTimer: when it was added
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
  std::optional<ClockEvidence> clock;        // of kClockRate
  std::optional<DeadlockEvidence> deadlock;  // of kDeadlock
  std::optional<StopEvidence> stop;          // of kStopped
  std::optional<StarvedEvidence> starved;    // of kCpuStarved
  std::optional<LostEvidence> lost;          // of kLostWakeup
  std::optional<BusyEvidence> busy;          // of kBusyLoop
  std::optional<GreenThreadView> culprit;    // of kNotYielding, kBlockingCall
  std::optional<CallFacts> call;             // of kBlockingCall, kDeadlock
  std::vector<ThreadWait> holders;           // of the same: see HubWatch
  std::vector<HotLine> hot_lines;            // of kNotYielding, hottest first
  // Of kNotYielding: in which loop of which function it is; empty: in none.
  std::string loop;
  std::vector<SymbolFrame> stack;  // of both
};

struct Diagnosis {
  int32_t pid = 0;
  std::string core;  // the file it is from; empty for one that runs
  std::vector<Verdict> hubs;
  // Of a process without a hub: what its threads do, by tid.
  std::vector<ThreadWait> threads;
  std::vector<std::string> gaps;  // what could not be had
};

}  // namespace hubspy

#endif  // HUBSPY_MODEL_DIAGNOSIS_H_
