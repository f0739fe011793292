// The records that a process publishes about its hubs, as this version lays
// them out. introspect_abi.h is the contract; introspect.cc tells observers
// where each field lies.
//
// The surprising part: records outlive what they describe. They are reused, but
// never unmapped, so that an observer that follows a stale address reads
// nonsense at worst, not a fault.
#ifndef GREEN_INTROSPECT_H_
#define GREEN_INTROSPECT_H_

#include <atomic>
#include <cstdint>

#include "green/introspect_abi.h"

namespace green::internal {

struct ControlBlock;

// A field that its hub's thread writes and others may look at any time: a plain
// store to the processor, and no data race to the language. A reader that sees
// a store sees those before it.
template <typename T>
class Published {
 public:
  T Get() const { return value_.load(std::memory_order_relaxed); }
  void Set(T value) { value_.store(value, std::memory_order_release); }
  void Increment() { Set(Get() + 1); }

  // For the assembly of the context switch.
  T* address() { return reinterpret_cast<T*>(&value_); }

 private:
  static_assert(sizeof(std::atomic<T>) == sizeof(T));
  std::atomic<T> value_{};
};

struct GreenRecord {
  static constexpr size_t kNameSize = 32;

  // What a switch touches; see ControlBlock.
  Published<uint64_t> saved_sp;
  Published<uint64_t> switches;
  Published<int64_t> last_switched_ns;
  Published<int64_t> deadline_ns;
  Published<abi::GreenState> state;
  Published<abi::WaitReason> waits_for;

  Published<uint64_t> id;
  Published<uint64_t> waits_on;
  Published<int32_t> fd;
  Published<uint64_t> stack_begin;
  Published<uint64_t> stack_end;
  Published<uint64_t> entry;
  Published<uint64_t> spawn_site;
  Published<int64_t> created_ns;
  Published<uint64_t> parent;
  char name[kNameSize];
};

struct HubRecord {
  Published<uint64_t> next;
  Published<uint32_t> thread_id;
  Published<uint32_t> process_id;
  Published<abi::HubState> state;
  Published<uint32_t> clock_sequence;
  Published<uint64_t> iterations;
  Published<uint32_t> timebase_numer;
  Published<uint32_t> timebase_denom;
  Published<int64_t> first_ticks;
  Published<int64_t> first_now_ns;
  Published<int64_t> first_real_ns;
  Published<int64_t> last_ticks;
  Published<int64_t> last_now_ns;
  Published<int64_t> last_real_ns;
  Published<int64_t> poll_entered_real_ns;
  Published<int64_t> poll_until_ns;
  Published<uint64_t> ready;
  Published<uint64_t> timers;
  Published<int64_t> next_deadline_ns;
  Published<uint64_t> timers_fired;
  Published<uint64_t> switches;
  Published<uint64_t> current;
  Published<uint64_t> run_saved_sp;
  Published<uint64_t> first_slab;
  Published<uint64_t> own_code;
  Published<uint32_t> remote_given;
  Published<uint32_t> state_words;

  // Not published: the control blocks of the slabs above that are free. They
  // stay with the record when it goes to another hub.
  ControlBlock* free_blocks = nullptr;
  ControlBlock* unused_block = nullptr;  // these were never used,
  uint32_t unused_count = 0;             // this many in a row
  uint32_t last_slab_count = 0;
};

// The program's one block, which the note (on macOS, the section) points to.
abi::Block& IntrospectionBlock();

// A record for a hub of the calling thread, linked and zeroed but for what it
// keeps; the hub fills it and writes thread_id last.
HubRecord& AcquireHubRecord();

// `record` must say nothing of value any more.
void ReleaseHubRecord(HubRecord& record);

}  // namespace green::internal

#endif  // GREEN_INTROSPECT_H_
