// A module's text that lies on pages of no file.
//
// Programs that want huge pages under their text copy it to such pages and map
// those where it was: node --use-largepages, libhugetlbfs. What they run then
// is nameless to the kernel, between mappings of the file.
#ifndef HUBSPY_IMAGE_MOVED_TEXT_H_
#define HUBSPY_IMAGE_MOVED_TEXT_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "image/image.h"
#include "image/module_map.h"
#include "model/mapping.h"

namespace hubspy {

// The file nearest to `code` that may be its own: one whose ELF header the
// target has in memory. So none is opened that is not code. Null: there is
// none. `mappings` are sorted by address.
const Mapping* FileAround(const Mapping& code,
                          const std::vector<Mapping>& mappings,
                          MemoryReader memory);

// The load bias of `image`, by `file`, a mapping of it, if `code` lies where
// then its executable segment does, and holds what that holds: looked at in
// many places, all of which must be the same.
std::optional<uint64_t> MovedTextBias(const Mapping& code, const Mapping& file,
                                      const Image& image, MemoryReader memory);

}  // namespace hubspy

#endif  // HUBSPY_IMAGE_MOVED_TEXT_H_
