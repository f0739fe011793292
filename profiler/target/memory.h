// The target's memory, read-only. The one interface through which other rooms
// (hubs/) see a live process's bytes; tests hand in bytes of their own.
#ifndef HUBSPY_TARGET_MEMORY_H_
#define HUBSPY_TARGET_MEMORY_H_

#include <cstddef>

#include "absl/types/span.h"
#include "model/address.h"

namespace hubspy {

class Memory {
 public:
  virtual ~Memory() = default;

  // Copies from `from` on into `into`, and returns how many bytes could be
  // read: fewer than asked for where the target has nothing mapped, 0 when it
  // is gone. Not atomic: a running target may write meanwhile.
  virtual size_t Read(Address from, absl::Span<std::byte> into) const = 0;
};

}  // namespace hubspy

#endif  // HUBSPY_TARGET_MEMORY_H_
