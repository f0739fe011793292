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
  uint64_t switches = 0;
  int64_t created_ns = 0;
  int64_t last_switched_ns = 0;
  AddressRange stack;
  uint64_t parent = 0;  // id; 0: none
  // Where its context is saved while it does not run, and that context, where
  // it could be read. Its pc is a return address.
  Address context;
  std::optional<Registers> suspended;
};

}  // namespace hubspy

#endif  // HUBSPY_MODEL_HUB_H_
