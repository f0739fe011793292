// An image's load segments, read-only, somewhere in our own address space, at
// the distances from each other that they have in the target.
#ifndef HUBSPY_IMAGE_SHADOW_H_
#define HUBSPY_IMAGE_SHADOW_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "image/elf_parser.h"
#include "image/owned_mapping.h"

namespace hubspy {

// The mapping's first byte stands for contents.loaded.begin. Costs address
// space, not memory: pages are the page cache's, and holes are never touched.
absl::StatusOr<OwnedMapping> ShadowFromFile(const ElfContents& contents,
                                            int fd);
absl::StatusOr<OwnedMapping> ShadowFromBytes(const ElfContents& contents,
                                             absl::Span<const std::byte> file);

}  // namespace hubspy

#endif  // HUBSPY_IMAGE_SHADOW_H_
