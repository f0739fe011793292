#include "image/shadow.h"

#include <cerrno>
#include <cstring>

#include "absl/status/status.h"

namespace hubspy {
namespace {

absl::StatusOr<OwnedMapping> Reserve(const ElfContents& contents) {
  const size_t size = contents.loaded.size();
  OwnedMapping region(mmap(nullptr, size, PROT_READ,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
                      size);
  if (!region) return absl::ErrnoToStatus(errno, "cannot reserve a shadow");
  return region;
}

}  // namespace

absl::StatusOr<OwnedMapping> ShadowFromFile(const ElfContents& contents,
                                            int fd) {
  absl::StatusOr<OwnedMapping> region = Reserve(contents);
  if (!region.ok()) return region;
  for (const Segment& segment : contents.segments) {
    if (segment.file_size == 0) continue;
    const uint64_t into_page = segment.vaddr % kPageSize;
    if (segment.file_offset % kPageSize != into_page) {
      return absl::InvalidArgumentError(
          "a load segment is aligned differently in file and memory");
    }
    // In bounds of the region, because file_size <= memory_size and the region
    // spans all segments.
    std::byte* const at =
        region->data() + (segment.vaddr - into_page - contents.loaded.begin);
    if (mmap(at, segment.file_size + into_page, PROT_READ,
             MAP_PRIVATE | MAP_FIXED, fd,
             static_cast<off_t>(segment.file_offset - into_page)) ==
        MAP_FAILED) {
      return absl::ErrnoToStatus(errno, "cannot map a load segment");
    }
  }
  return region;
}

absl::StatusOr<OwnedMapping> ShadowFromBytes(const ElfContents& contents,
                                             absl::Span<const std::byte> file) {
  absl::StatusOr<OwnedMapping> region = Reserve(contents);
  if (!region.ok()) return region;
  if (mprotect(region->data(), region->size(), PROT_READ | PROT_WRITE) != 0) {
    return absl::ErrnoToStatus(errno, "cannot fill a shadow");
  }
  for (const Segment& segment : contents.segments) {
    if (segment.file_size == 0) continue;
    std::memcpy(region->data() + (segment.vaddr - contents.loaded.begin),
                file.data() + segment.file_offset, segment.file_size);
  }
  if (mprotect(region->data(), region->size(), PROT_READ) != 0) {
    return absl::ErrnoToStatus(errno, "cannot protect a shadow");
  }
  return region;
}

}  // namespace hubspy
