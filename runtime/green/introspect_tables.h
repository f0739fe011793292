// What the block that a process publishes says at the start: where each field
// of its records lies. For the one source file, chosen by operating system,
// that defines the block and lets observers find it.
#ifndef GREEN_INTROSPECT_TABLES_H_
#define GREEN_INTROSPECT_TABLES_H_

#include <cstddef>
#include <cstdint>

#include "green/context.h"
#include "green/control_block.h"
#include "green/introspect.h"

#define GREEN_HUB(number, member)                                          \
  abi::FieldInfo {                                                         \
    abi::number, offsetof(HubRecord, member), sizeof(HubRecord::member), 0 \
  }
#define GREEN_GREEN(number, member)                                     \
  abi::FieldInfo {                                                      \
    abi::number,                                                        \
        offsetof(ControlBlock, record) + offsetof(GreenRecord, member), \
        sizeof(GreenRecord::member), 0                                  \
  }

namespace green::internal {

inline constexpr abi::Block kTables = {
    .magic = {'G', 'R', 'E', 'E', 'N', 'H', 'U', 'B'},
    .version = abi::kVersion,
    .size = sizeof(abi::Block),
    .first_hub = 0,
    .hub_size = sizeof(HubRecord),
    .green_size = sizeof(ControlBlock),
    .context_size = sizeof(SavedContext),
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
};

template <size_t n>
consteval uint32_t Count(const abi::FieldInfo (&fields)[n]) {
  uint32_t count = 0;
  while (count < n && fields[count].field != 0) ++count;
  return count;
}

consteval abi::Block CompleteBlock() {
  abi::Block block = kTables;
  size_t i = 0;
  for (const auto& saved : kSavedRegisters) {
    block.context_fields[i++] = {saved.number, saved.offset, 8, 0};
  }
  block.hub_field_count = Count(block.hub_fields);
  block.green_field_count = Count(block.green_fields);
  block.context_field_count = Count(block.context_fields);
  return block;
}

}  // namespace green::internal

#undef GREEN_HUB
#undef GREEN_GREEN

#endif  // GREEN_INTROSPECT_TABLES_H_
