// What one look at one thread brought back: values only, bounded in size.
//
// The surprising part: `registers` may hold no more than pc and sp (a thread
// that sleeps is read without a stop, and that is all /proc tells), and
// `stack` may end before the thread's stack does.
#ifndef HUBSPY_MODEL_SNAPSHOT_H_
#define HUBSPY_MODEL_SNAPSHOT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "model/address.h"
#include "model/registers.h"

namespace hubspy {

// A thread in the target, by its id as the target's namespace's outside sees
// it (ours).
using ThreadId = int32_t;

enum class ThreadState {
  kRunning,   // on a CPU; or ready for one, where that cannot be told apart
  kRunnable,  // ready for a CPU, and waiting for one
  kSleeping,  // in a system call, waiting; interruptible or not
  kStopped,   // by a signal or by a tracer
  kZombie,    // gone, not yet reaped
};

inline bool WantsCpu(ThreadState state) {
  return state == ThreadState::kRunning || state == ThreadState::kRunnable;
}

// The signal that ended a process, as its core tells.
struct SignalTaken {
  std::string name;                      // "SIGSEGV"
  std::optional<Address> fault_address;  // of a fault: what could not be used
};

enum class CaptureMethod { kAsleep, kPerf, kPtrace, kCore };

// Some of the target's memory, copied.
struct MemoryCopy {
  Address begin;
  std::vector<std::byte> bytes;

  AddressRange range() const { return {begin, begin + bytes.size()}; }

  // The T at `at`; nullopt where the copy does not hold all of it.
  template <typename T>
  std::optional<T> Read(Address at) const {
    static_assert(std::is_trivially_copyable_v<T>);
    if (at < begin) return std::nullopt;
    const uint64_t offset = at - begin;
    if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) {
      return std::nullopt;
    }
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof(T));
    return value;
  }
};

struct SystemCall {
  int64_t number = -1;
  std::array<uint64_t, 6> arguments{};
  friend bool operator==(const SystemCall&, const SystemCall&) = default;
};

// Names one sleep of one thread: equal tokens mean that the thread has not run
// in between, so that everything it owns, its stack included, is unchanged.
struct SleepToken {
  uint64_t times_run = 0;  // how often the scheduler has put it on a CPU
  Address pc;
  Address sp;
  friend bool operator==(const SleepToken&, const SleepToken&) = default;
};

// What a thread was doing.
struct ThreadActivity {
  ThreadState state = ThreadState::kRunning;
  // The one that it was in, by its number; -1: none, or not known.
  int64_t system_call = -1;
  friend auto operator<=>(const ThreadActivity&,
                          const ThreadActivity&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const ThreadActivity& a) {
    return H::combine(std::move(h), a.state, a.system_call);
  }
};

struct Snapshot {
  ThreadId tid = 0;
  ThreadState state = ThreadState::kRunning;
  CaptureMethod method = CaptureMethod::kAsleep;
  Registers registers;
  MemoryCopy stack;  // from sp upwards
  // What the request asked for besides, in its order; an unreadable range comes
  // back short. Of the same instant; but of kPerf, read some time after it, one
  // after the other, while the thread ran on.
  std::vector<MemoryCopy> extra;
  std::optional<SystemCall> system_call;  // the one it is in, if any
  std::optional<SleepToken> sleep;        // present when it slept
  int64_t pause_ns = 0;  // how long the thread was held for this; 0: not at all
  int64_t sampled_ns = 0;  // of kPerf: when, by CLOCK_MONOTONIC
  int64_t lost = 0;  // samples of the kernel's that found no room before it
};

}  // namespace hubspy

#endif  // HUBSPY_MODEL_SNAPSHOT_H_
