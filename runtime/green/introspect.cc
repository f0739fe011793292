#include "green/introspect.h"

#include <cstddef>
#include <mutex>

#include "green/context_layout_x86_64.h"
#include "green/control_block.h"
#include "green/thread_id.h"

#define GREEN_HUB(number, member)                                     \
  green::abi::FieldInfo {                                             \
    green::abi::number, offsetof(green::internal::HubRecord, member), \
        sizeof(green::internal::HubRecord::member), 0                 \
  }
#define GREEN_GREEN(number, member)                         \
  green::abi::FieldInfo {                                   \
    green::abi::number,                                     \
        offsetof(green::internal::ControlBlock, record) +   \
            offsetof(green::internal::GreenRecord, member), \
        sizeof(green::internal::GreenRecord::member), 0     \
  }
#define GREEN_REGISTER(number, offset) \
  green::abi::FieldInfo { number, offset, 8, 0 }

namespace {

constexpr green::abi::Block kTables = {
    .magic = {'G', 'R', 'E', 'E', 'N', 'H', 'U', 'B'},
    .version = green::abi::kVersion,
    .size = sizeof(green::abi::Block),
    .first_hub = 0,
    .hub_size = sizeof(green::internal::HubRecord),
    .green_size = sizeof(green::internal::ControlBlock),
    .context_size = GREEN_CONTEXT_SIZE,
    .hub_fields =
        {
            GREEN_HUB(kHubNext, next),
            GREEN_HUB(kHubThreadId, thread_id),
            GREEN_HUB(kHubProcessId, process_id),
            GREEN_HUB(kHubState, state),
            GREEN_HUB(kHubIterations, iterations),
            GREEN_HUB(kHubClockSequence, clock_sequence),
            GREEN_HUB(kHubTimebaseNumer, timebase_numer),
            GREEN_HUB(kHubTimebaseDenom, timebase_denom),
            GREEN_HUB(kHubFirstTicks, first_ticks),
            GREEN_HUB(kHubFirstNowNs, first_now_ns),
            GREEN_HUB(kHubFirstRealNs, first_real_ns),
            GREEN_HUB(kHubLastTicks, last_ticks),
            GREEN_HUB(kHubLastNowNs, last_now_ns),
            GREEN_HUB(kHubLastRealNs, last_real_ns),
            GREEN_HUB(kHubPollEnteredRealNs, poll_entered_real_ns),
            GREEN_HUB(kHubPollUntilNs, poll_until_ns),
            GREEN_HUB(kHubReady, ready),
            GREEN_HUB(kHubTimers, timers),
            GREEN_HUB(kHubNextDeadlineNs, next_deadline_ns),
            GREEN_HUB(kHubTimersFired, timers_fired),
            GREEN_HUB(kHubSwitches, switches),
            GREEN_HUB(kHubCurrent, current),
            GREEN_HUB(kHubRunSavedSp, run_saved_sp),
            GREEN_HUB(kHubFirstSlab, first_slab),
            GREEN_HUB(kHubOwnCode, own_code),
            GREEN_HUB(kHubRemoteGiven, remote_given),
            GREEN_HUB(kHubStateWords, state_words),
        },
    .green_fields =
        {
            GREEN_GREEN(kGreenId, id),
            GREEN_GREEN(kGreenName, name),
            GREEN_GREEN(kGreenEntry, entry),
            GREEN_GREEN(kGreenState, state),
            GREEN_GREEN(kGreenWaitsFor, waits_for),
            GREEN_GREEN(kGreenDeadlineNs, deadline_ns),
            GREEN_GREEN(kGreenFd, fd),
            GREEN_GREEN(kGreenSwitches, switches),
            GREEN_GREEN(kGreenCreatedNs, created_ns),
            GREEN_GREEN(kGreenLastSwitchedNs, last_switched_ns),
            GREEN_GREEN(kGreenStackBegin, stack_begin),
            GREEN_GREEN(kGreenStackEnd, stack_end),
            GREEN_GREEN(kGreenSavedSp, saved_sp),
            GREEN_GREEN(kGreenParent, parent),
            GREEN_GREEN(kGreenWaitsOn, waits_on),
            GREEN_GREEN(kGreenSpawnSite, spawn_site),
        },
    // DWARF numbers: System V ABI AMD64, figure 3.36.
    .context_fields =
        {
            GREEN_REGISTER(3, GREEN_CONTEXT_RBX),
            GREEN_REGISTER(6, GREEN_CONTEXT_RBP),
            GREEN_REGISTER(12, GREEN_CONTEXT_R12),
            GREEN_REGISTER(13, GREEN_CONTEXT_R13),
            GREEN_REGISTER(14, GREEN_CONTEXT_R14),
            GREEN_REGISTER(15, GREEN_CONTEXT_R15),
            GREEN_REGISTER(16, GREEN_CONTEXT_RIP),
        },
};

template <size_t n>
consteval uint32_t Count(const green::abi::FieldInfo (&fields)[n]) {
  uint32_t count = 0;
  while (count < n && fields[count].field != 0) ++count;
  return count;
}

consteval green::abi::Block WithCounts(green::abi::Block block) {
  block.hub_field_count = Count(block.hub_fields);
  block.green_field_count = Count(block.green_fields);
  block.context_field_count = Count(block.context_fields);
  return block;
}

}  // namespace

// Filled at compile time, so it is right from the first instruction on, however
// early a hub is made and in whichever order a program's parts are initialized.
extern "C" {
[[gnu::visibility("hidden"),
  gnu::used]] constinit green::abi::Block green_introspection_block =
    WithCounts(kTables);
}

// The note by which an observer finds the block. The distance from the
// description to the block is fixed when linking, so nothing has to be
// relocated and the note can lie in a read-only segment. It is written here,
// and not in an assembly file, so that whoever links the block links the note.
asm(R"(
        .pushsection .note.green, "a", @note
        .balign 4
        .long   2f - 1f                 /* size of the owner */
        .long   4f - 3f                 /* size of the description */
        .long   1                       /* green::abi::kNoteType */
1:      .asciz  "green"
2:      .balign 4
3:      .quad   green_introspection_block - .
4:      .balign 4
        .popsection
)");
static_assert(green::abi::kNoteType == 1);

namespace green::internal {
namespace {

constinit std::mutex registry_mutex;

// A forked child has only the thread that forked, which must not find the
// registry locked by one that is not there.
void KeepRegistryUsableAfterFork() {
  [[maybe_unused]] static const bool once = [] {
    AroundFork([] { registry_mutex.lock(); }, [] { registry_mutex.unlock(); },
               [] { registry_mutex.unlock(); });
    return true;
  }();
}

std::atomic_ref<uint64_t> FirstHub() {
  return std::atomic_ref<uint64_t>(green_introspection_block.first_hub);
}

HubRecord* RecordAt(uint64_t address) {
  return reinterpret_cast<HubRecord*>(address);
}

}  // namespace

const abi::Block& IntrospectionBlock() { return green_introspection_block; }

HubRecord& AcquireHubRecord() {
  KeepRegistryUsableAfterFork();
  const std::lock_guard lock(registry_mutex);
  const uint64_t first = FirstHub().load(std::memory_order_relaxed);
  for (HubRecord* record = RecordAt(first); record != nullptr;
       record = RecordAt(record->next.Get())) {
    // A process id marks it as taken until the thread id is written.
    if (record->process_id.Get() == 0) {
      record->process_id.Set(CurrentProcessId());
      return *record;
    }
  }
  auto* record = new HubRecord();
  record->process_id.Set(CurrentProcessId());
  record->next.Set(first);
  FirstHub().store(reinterpret_cast<uint64_t>(record),
                   std::memory_order_release);
  return *record;
}

void ReleaseHubRecord(HubRecord& record) {
  const std::lock_guard lock(registry_mutex);
  record.thread_id.Set(0);
  record.process_id.Set(0);
}

}  // namespace green::internal
