// An image's load segments, read-only, somewhere in our own address space, at
// the distances from each other that they have in the target.
#ifndef HUBSPY_IMAGE_SHADOW_H_
#define HUBSPY_IMAGE_SHADOW_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "image/image.h"
#include "image/image_file.h"
#include "image/owned_mapping.h"

namespace hubspy {

struct ShadowLayout {
  absl::Span<const Segment> segments;
  ImageRange loaded;          // spans all of them; page-rounded
  uint64_t image_offset = 0;  // where in the file the image begins
};

// The mapping's first byte stands for loaded.begin. Costs address space, not
// memory, if it is an open file: pages are the page cache's, and holes are
// never touched.
absl::StatusOr<OwnedMapping> MakeShadow(const ImageFile& file,
                                        const ShadowLayout& layout);

}  // namespace hubspy

#endif  // HUBSPY_IMAGE_SHADOW_H_
