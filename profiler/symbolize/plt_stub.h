// The machine's code of one stub of a procedure linkage table.
#ifndef HUBSPY_SYMBOLIZE_PLT_STUB_H_
#define HUBSPY_SYMBOLIZE_PLT_STUB_H_

#include <cstdint>
#include <optional>

#include "absl/types/span.h"

namespace hubspy {

// Bytes from one stub to the next, where the section does not say.
inline constexpr uint64_t kPltStubBytes = 16;

// Where the stub at `vaddr` takes the address from that it jumps to.
std::optional<uint64_t> SlotOfStub(absl::Span<const unsigned char> code,
                                   uint64_t vaddr);

// Whether a dynamic relocation of this type fills a function's slot.
bool IsSlotRelocation(uint64_t type);

}  // namespace hubspy

#endif  // HUBSPY_SYMBOLIZE_PLT_STUB_H_
