// A Mach-O image that is no file of its own: one in macOS's shared cache.
#ifndef HUBSPY_IMAGE_MACHO_MEMORY_H_
#define HUBSPY_IMAGE_MACHO_MEMORY_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "image/image.h"
#include "image/memory_reader.h"
#include "model/address.h"

namespace hubspy {

// The image whose header lies at `header` in the target. What it has is what a
// file has, put together of what is in memory: its commands, and of the symbol
// table, which it shares with the rest of the cache, the names of its own code.
//
// The surprising part: it holds none of its code. Copying that of all libraries
// would take longer than looking at the process does, and it can be read from
// the target when it is wanted; see LoadedModule::HasCode. Its first segment
// that is code begins with the header.
// DataLoss: the target's memory cannot be read there. InvalidArgument: there is
// no such image.
absl::StatusOr<std::shared_ptr<const Image>> MachoImageInMemory(
    Address header, MemoryReader memory, absl::string_view name);

}  // namespace hubspy

#endif  // HUBSPY_IMAGE_MACHO_MEMORY_H_
