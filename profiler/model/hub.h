// What a green process says of its hubs, after every byte of it was checked.
//
// Filled by hubs/, judged by diagnose/. Times named *_ns without more are on
// the hub's own clock, the one that may be wrong; *_real_ns are on the
// machine's CLOCK_MONOTONIC.
#ifndef HUBSPY_MODEL_HUB_H_
#define HUBSPY_MODEL_HUB_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/address.h"
#include "model/registers.h"
#include "model/snapshot.h"

namespace hubspy {

enum class HubState { kRunning, kFiringTimers, kPolling, kStopped };

// One reading of a hub's clock: all four belong to the same instant.
struct ClockReading {
  int64_t ticks = 0;
  int64_t now_ns = 0;           // what the clock's conversion made of `ticks`
  int64_t witness_real_ns = 0;  // CLOCK_MONOTONIC next to it
  friend bool operator==(const ClockReading&, const ClockReading&) = default;
};

struct HubView {
  Address record;  // where it is published
  ThreadId tid = 0;
  HubState state = HubState::kStopped;
  uint64_t iterations = 0;
  // Nanoseconds per tick are timebase_numer / timebase_denom; 0 when unknown.
  uint32_t timebase_numer = 0;
  uint32_t timebase_denom = 0;
  ClockReading first;                    // the hub's first reading ever
  ClockReading last;                     // its latest
  std::optional<int64_t> poll_until_ns;  // nullopt: until something happens
  int64_t poll_entered_real_ns = 0;
  uint64_t ready = 0;
  uint64_t timers = 0;
  uint64_t timers_fired = 0;
  std::optional<int64_t> next_deadline_ns;
  uint64_t switches = 0;
  Address current;  // the running green thread's record; zero: none
  // Where Hub::Run's context is saved while a green thread runs on a stack of
  // its own; zero: none does.
  Address run_context;
  // That context, where it could be read. Its pc is a return address.
  std::optional<Registers> suspended_run;
  Address first_slab;  // of the green threads' records
  // Of the thread's own code, as a green thread's; zero: not published.
  Address own_code;
  // Whether other OS threads may have been given the means to have this hub do
  // something; nullopt: not published.
  std::optional<bool> open_to_other_threads;
  // Whether what is waited for says how much of it there is.
  bool has_state_words = false;
};

enum class GreenState { kReady, kRunning, kWaiting, kFinished };
enum class WaitReason {
  kNone,
  kTimer,
  kFd,
  kJoin,
  kPool,
  kEvent,
  kSemaphore,
  kMutex,
  kCondition,
  kQueue,
  kResource,
  kOffload,
  kOther,
};

// Of kFd: what is waited for; the values of waits_on.
enum class FdDirection : uint64_t { kUnknown = 0, kRead = 1, kWrite = 2 };

struct GreenThreadView {
  Address record;
  ThreadId hub_tid = 0;
  uint64_t id = 0;
  std::string name;
  Address entry;
  GreenState state = GreenState::kReady;
  WaitReason waiting_for = WaitReason::kNone;
  std::optional<int64_t> deadline_ns;
  std::optional<int32_t> fd;
  // What it waits for: the address of an object, the same for all who wait for
  // the same; of kJoin, the id of the green thread; of kFd, see
  // fd_direction. 0: not known.
  uint64_t waits_on = 0;
  // Of one that waits for a mutex: the id of who holds it (0: the thread's own
  // code).
  std::optional<uint64_t> mutex_holder;
  // Of one that waits for an event, semaphore, queue or resource pool: how much
  // there is of what it waits for. Above 0, it has no reason to wait.
  std::optional<int64_t> available;
  uint64_t switches = 0;
  int64_t created_ns = 0;
  int64_t last_switched_ns = 0;
  AddressRange stack;
  uint64_t parent = 0;  // id; 0: none
  Address spawn_site;   // where its spawner's call returns to; zero: not known
  Address context;      // where it is saved while it does not run; zero: it
                        // runs, or has not begun
};

// What a green thread did since it was first seen, by looks: what it did at one
// it is taken to have done until the next. They add up to that time.
struct GreenTimes {
  int64_t busy_ns = 0;   // it ran, or blocked: it had the hub
  int64_t ready_ns = 0;  // it could have run, and others did
  int64_t waiting_ns = 0;
};

}  // namespace hubspy

#endif  // HUBSPY_MODEL_HUB_H_
