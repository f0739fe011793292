// How an image room reads the target's memory: through the caller's.
#ifndef HUBSPY_IMAGE_MEMORY_READER_H_
#define HUBSPY_IMAGE_MEMORY_READER_H_

#include <cstddef>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "model/address.h"

namespace hubspy {

// As Memory::Read: copies what the target has there, and returns how much.
using MemoryReader =
    absl::FunctionRef<size_t(Address from, absl::Span<std::byte> into)>;
inline size_t NoMemory(Address, absl::Span<std::byte>) { return 0; }

}  // namespace hubspy

#endif  // HUBSPY_IMAGE_MEMORY_READER_H_
