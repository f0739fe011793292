// The images that a macOS process has loaded, by dyld's own list of them
// (mach-o/dyld_images.h), as mappings.
//
//   auto list = ReadImageList(memory, all_image_infos);
//   for (const ListedImage& image : list->images)
//     for (const Mapping& m : MappingsOf(image, memory)) ...
//
// Everything here is bytes of the target, and none of Apple's headers: tested
// where there is no Mac.
//
// The surprising part: most libraries are files no more. They lie in the shared
// cache, which every process has mapped as a whole; only dyld's list tells
// where one of them is, and only its headers, in memory, what of it is code.
#ifndef HUBSPY_TARGET_DARWIN_IMAGE_LIST_H_
#define HUBSPY_TARGET_DARWIN_IMAGE_LIST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/address.h"
#include "model/mapping.h"
#include "target/memory.h"

namespace hubspy {

struct ListedImage {
  Address header;
  std::string path;
};

struct ImageList {
  std::vector<ListedImage> images;  // dyld itself is the last one
  // Another one when the list may have changed since.
  uint64_t mark = 0;
};

// `infos`: where TASK_DYLD_INFO says that dyld_all_image_infos lies.
// Unavailable: dyld has not made its list yet, or is changing it.
// DataLoss: what lies there is no such list.
absl::StatusOr<ImageList> ReadImageList(const Memory& memory, Address infos);

// The mark alone, for a small part of the cost; 0: it cannot be told.
uint64_t ReadImageListMark(const Memory& memory, Address infos);

// The image's segments, in its own order, without those that nothing may touch;
// of one in the shared cache the executable ones, because the others lie among
// those of other libraries. Where the file is, the caller adds: here
// `in_memory_image` is set. Empty when there is no image.
std::vector<Mapping> MappingsOf(const ListedImage& image, const Memory& memory);

}  // namespace hubspy

#endif  // HUBSPY_TARGET_DARWIN_IMAGE_LIST_H_
