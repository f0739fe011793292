// The target's memory, read-only. The one interface through which other rooms
// (hubs/) see a live process's bytes; tests hand in bytes of their own.
#ifndef HUBSPY_TARGET_MEMORY_H_
#define HUBSPY_TARGET_MEMORY_H_

#include <cstddef>

#include "absl/types/span.h"
#include "model/address.h"

namespace hubspy {

// One of several places to be read.
struct MemoryPiece {
  Address from;
  absl::Span<std::byte> into;
  size_t read = 0;  // how many bytes could be
};

class Memory {
 public:
  virtual ~Memory() = default;

  // Copies from `from` on into `into`, and returns how many bytes could be
  // read: fewer than asked for where the target has nothing mapped, 0 when it
  // is gone. Not atomic: a running target may write meanwhile.
  virtual size_t Read(Address from, absl::Span<std::byte> into) const = 0;

  // Reads each of them, one after the other, with as few system calls as
  // possible.
  virtual void ReadEach(absl::Span<MemoryPiece> pieces) const {
    for (MemoryPiece& piece : pieces) piece.read = Read(piece.from, piece.into);
  }
};

}  // namespace hubspy

#endif  // HUBSPY_TARGET_MEMORY_H_
