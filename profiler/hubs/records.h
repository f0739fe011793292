// One published record's bytes -> what they say.
//
// Nothing is read here, and any bytes are an answer: a field that is absent, or
// wider than what we know, is left as a view has it by itself.
#ifndef HUBSPY_HUBS_RECORDS_H_
#define HUBSPY_HUBS_RECORDS_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/types/span.h"
#include "hubs/layout.h"
#include "model/hub.h"
#include "model/registers.h"
#include "model/snapshot.h"

namespace hubspy {

// `record`: where it lies, and all its bytes; without suspended_run.
HubView ParseHubRecord(const Layout& layout, Address record,
                       absl::Span<const std::byte> bytes);

// The same of a green thread of the hub of `hub_tid`; without what lies where
// what it waits for does.
GreenThreadView ParseGreenRecord(const Layout& layout, ThreadId hub_tid,
                                 Address record,
                                 absl::Span<const std::byte> bytes);

// Of that, the state alone; nullopt: it is of no green thread.
std::optional<GreenState> ParseGreenState(const Layout& layout,
                                          absl::Span<const std::byte> bytes);

// The registers saved at `saved_sp`, as they are when it is resumed. nullopt:
// `copy` does not hold all of them.
std::optional<Registers> ParseContext(const Layout& layout, uint64_t saved_sp,
                                      const MemoryCopy& copy);

}  // namespace hubspy

#endif  // HUBSPY_HUBS_RECORDS_H_
