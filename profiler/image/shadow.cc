#include "image/shadow.h"

#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "model/page_size.h"

namespace hubspy {
namespace {

absl::StatusOr<OwnedMapping> Reserve(const ShadowLayout& layout) {
  const size_t size = layout.loaded.size();
  OwnedMapping region(mmap(nullptr, size, PROT_READ,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
                      size);
  if (!region) return absl::ErrnoToStatus(errno, "cannot reserve a shadow");
  return region;
}

absl::StatusOr<OwnedMapping> ShadowFromFile(const ShadowLayout& layout,
                                            int fd) {
  absl::StatusOr<OwnedMapping> region = Reserve(layout);
  if (!region.ok()) return region;
  for (const Segment& segment : layout.segments) {
    if (segment.file_size == 0) continue;
    const uint64_t into_page = segment.vaddr % PageSize();
    const uint64_t offset = layout.image_offset + segment.file_offset;
    if (offset % PageSize() != into_page) {
      return absl::InvalidArgumentError(
          "a load segment is aligned differently in file and memory");
    }
    // In bounds of the region, because file_size <= memory_size and the region
    // spans all segments.
    std::byte* const at =
        region->data() + (segment.vaddr - into_page - layout.loaded.begin);
    if (mmap(at, segment.file_size + into_page, PROT_READ,
             MAP_PRIVATE | MAP_FIXED, fd,
             static_cast<off_t>(offset - into_page)) == MAP_FAILED) {
      return absl::ErrnoToStatus(errno, "cannot map a load segment");
    }
  }
  return region;
}

absl::StatusOr<OwnedMapping> ShadowFromBytes(const ShadowLayout& layout,
                                             absl::Span<const std::byte> file) {
  absl::StatusOr<OwnedMapping> region = Reserve(layout);
  if (!region.ok()) return region;
  if (mprotect(region->data(), region->size(), PROT_READ | PROT_WRITE) != 0) {
    return absl::ErrnoToStatus(errno, "cannot fill a shadow");
  }
  for (const Segment& segment : layout.segments) {
    if (segment.file_size == 0) continue;
    std::memcpy(region->data() + (segment.vaddr - layout.loaded.begin),
                file.data() + layout.image_offset + segment.file_offset,
                segment.file_size);
  }
  if (mprotect(region->data(), region->size(), PROT_READ) != 0) {
    return absl::ErrnoToStatus(errno, "cannot protect a shadow");
  }
  return region;
}

}  // namespace

absl::StatusOr<OwnedMapping> MakeShadow(const ImageFile& file,
                                        const ShadowLayout& layout) {
  return file.is_open_file() ? ShadowFromFile(layout, file.fd())
                             : ShadowFromBytes(layout, file.bytes());
}

}  // namespace hubspy
